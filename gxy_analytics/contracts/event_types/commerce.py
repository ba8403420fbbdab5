"""Event types on the way to an order and after it: carts, wish lists, coupons, checkout, orders."""

from __future__ import annotations

from gxy_analytics.contracts.event_types.event_type import EventType

LINE = ("items[].quantity", "items[].price", "items[].currency", "items[].name", "items[].category", "items[].variant")
CART = ("cart.cart_id", "cart.value", "cart.currency")
WISH_LIST = ("list.list_id", "list.name")
CHECKOUT = ("checkout.checkout_id", "checkout.shipping_method", "checkout.payment_method", "checkout.option")
TOTALS = (
    "order.value",
    "order.currency",
    "order.subtotal",
    "order.tax",
    "order.shipping",
    "order.discount",
    "order.coupon",
    "order.quantity",
    "order.payment_method",
    "order.affiliation",
)
COUPON = ("order.discount", "order.order_id", "cart.cart_id")

COMMERCE = (
    EventType("product_added", 1, "A product was put into the cart.", ("items[].product_id",), (*LINE, *CART)),
    EventType("product_removed", 1, "A product was taken out of the cart.", ("items[].product_id",), (*LINE, *CART)),
    EventType("cart_viewed", 1, "The cart was opened.", (), (*CART, "items[].product_id", *LINE)),
    EventType("cart_shared", 1, "The cart was shared with somebody.", (), (*CART, "items[].product_id", *LINE)),
    EventType("wishlist_product_added", 1, "A product was put on a wish list.", ("items[].product_id",), (*WISH_LIST, *LINE)),
    EventType(
        "wishlist_product_removed", 1, "A product was taken off a wish list.", ("items[].product_id",), (*WISH_LIST, *LINE)
    ),
    EventType(
        "checkout_started",
        1,
        "The checkout was opened.",
        ("cart.cart_id|order.order_id|checkout.checkout_id|items[].product_id",),
        (*TOTALS, *CART[1:], *CHECKOUT[1:], *LINE),
    ),
    EventType(
        "checkout_step",
        1,
        "A step of the checkout was shown or done. Addresses and other personal data belong in no event.",
        ("checkout.step",),
        (*CHECKOUT, *CART, "order.order_id"),
    ),
    EventType(
        "payment_info_entered",
        1,
        "The way to pay was chosen; the name of the method only.",
        (),
        ("checkout.payment_method", "checkout.step", *CHECKOUT[:2], "order.order_id"),
    ),
    EventType(
        "payment_failed",
        1,
        "A payment was refused; codes and messages stay in `properties`.",
        (),
        ("order.order_id", "order.value", "order.currency", "order.payment_method", "checkout.payment_method"),
    ),
    EventType(
        "order_completed",
        1,
        "An order was placed. Never a source of revenue: the shop's backend is.",
        ("order.order_id", "order.value", "order.currency", "items[].product_id"),
        (*TOTALS[2:], *LINE, "checkout.checkout_id", "cart.cart_id"),
    ),
    EventType("order_updated", 1, "An order was changed.", ("order.order_id",), (*TOTALS, "items[].product_id", *LINE)),
    EventType(
        "order_refunded",
        1,
        "An order was refunded, in whole or only its `items`.",
        ("order.order_id",),
        (*TOTALS, "items[].product_id", *LINE),
    ),
    EventType("order_cancelled", 1, "An order was cancelled.", ("order.order_id",), (*TOTALS, "items[].product_id", *LINE)),
    EventType("coupon_entered", 1, "A coupon's code was typed in.", ("order.coupon",), COUPON),
    EventType("coupon_applied", 1, "A coupon was accepted.", ("order.coupon",), COUPON),
    EventType("coupon_denied", 1, "A coupon was refused; the reason stays in `properties`.", ("order.coupon",), COUPON),
    EventType("coupon_removed", 1, "A coupon was taken back.", ("order.coupon",), COUPON),
)
