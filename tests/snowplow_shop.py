"""What the e-commerce plugin says, and the columns that it lands in: written from the documentation, not from the code."""

from __future__ import annotations

from decimal import Decimal

from snowplow_wire import ECOMMERCE, SNOWPLOW, Case, action, contexts, plain, product, self_describing, told

PRODUCT_FIELDS = {
    "id": ("items.product_id", "SKU1"),
    "name": ("items.name", "Tee"),
    "category": ("items.category", "Men/Tees"),
    "price": ("items.price", Decimal("19.99")),
    "list_price": ("items.list_price", Decimal("24.99")),
    "quantity": ("items.quantity", 2),
    "size": ("items.size", "M"),
    "variant": ("items.variant", "blue"),
    "brand": ("items.brand", "Plain"),
    "inventory_status": ("items.stock", "in_stock"),
    "position": ("items.position", 3),
    "currency": ("items.currency", "EUR"),
    "creative_id": ("items.creative", "banner-1"),
}
WHOLE_PRODUCT = told(
    ECOMMERCE,
    "product",
    {name: float(value) if isinstance(value, Decimal) else value for name, (_, value) in PRODUCT_FIELDS.items()},
)
WHOLE_ITEM = {column: [value] for column, value in PRODUCT_FIELDS.values()}
CART = told(ECOMMERCE, "cart", {"cart_id": "C1", "total_value": 59.97, "currency": "EUR"})
IN_CART = {"cart_id": "C1", "cart_value": Decimal("59.97"), "currency": "EUR"}
TRANSACTION = told(
    ECOMMERCE,
    "transaction",
    {
        "transaction_id": "T1",
        "revenue": 44.88,
        "currency": "EUR",
        "payment_method": "card",
        "total_quantity": 2,
        "tax": 7.17,
        "shipping": 4.9,
        "discount_code": "AUTUMN",
        "discount_amount": 5,
        "credit_order": False,
    },
)
ORDER = {
    "order_id": "T1",
    "order_value": Decimal("44.88"),
    "currency": "EUR",
    "payment_method": "card",
    "order_quantity": 2,
    "order_tax": Decimal("7.17"),
    "order_shipping": Decimal("4.9"),
    "coupon": "AUTUMN",
    "order_discount": Decimal("5"),
}
PROMOTION = told(
    ECOMMERCE,
    "promotion",
    {
        "id": "P1",
        "name": "Sale",
        "product_ids": ["SKU1", "SKU2"],
        "position": 2,
        "creative_id": "red",
        "type": "banner",
        "slot": "top",
    },
)
PROMOTED = {
    "promotion_id": "P1",
    "promotion_name": "Sale",
    "promotion_position": 2,
    "promotion_creative": "red",
    "promotion_type": "banner",
    "promotion_slot": "top",
    "items.product_id": ["SKU1", "SKU2"],
}
CHECKOUT = told(
    ECOMMERCE,
    "checkout_step",
    {
        "step": 2,
        "shipping_postcode": "10115",
        "billing_postcode": "10115",
        "shipping_full_address": "Street 1",
        "billing_full_address": "Street 2",
        "delivery_provider": "DHL",
        "delivery_method": "parcel",
        "coupon_code": "AUTUMN",
        "account_type": "guest",
        "payment_method": "card",
        "proof_of_payment": "invoice",
        "marketing_opt_in": True,
    },
)

SHOP_CASES = [
    Case("a product's page", action("product_view", WHOLE_PRODUCT), {"name": "product_viewed"} | WHOLE_ITEM),
    Case(
        "a list is one row with its items",
        action("list_view", product(position=1), product(id="SKU2", price=5.1, position=2), name="search results"),
        {
            "name": "product_impression",
            "list_name": "search results",
            "items.product_id": ["SKU1", "SKU2"],
            "items.position": [1, 2],
            "items.price": [Decimal("19.99"), Decimal("5.1")],
        },
    ),
    Case(
        "a click in a list",
        action("list_click", product(position=2), name="Tees"),
        {"name": "product_clicked", "list_name": "Tees", "items.position": [2]},
    ),
    Case(
        "into the cart",
        action("add_to_cart", product(quantity=3), CART),
        {"name": "product_added", "items.quantity": [3]} | IN_CART,
    ),
    Case(
        "out of the cart",
        action("remove_from_cart", product(quantity=1), CART),
        {"name": "product_removed", "items.quantity": [1]} | IN_CART,
    ),
    Case("our own tracker's cart", self_describing(told("com.gxy", "cart_view", {}), CART), {"name": "cart_viewed"} | IN_CART),
    Case("a promotion seen", action("promo_view", PROMOTION), {"name": "promotion_viewed"} | PROMOTED),
    Case("a promotion clicked", action("promo_click", PROMOTION), {"name": "promotion_clicked"} | PROMOTED),
    Case(
        "a step of the checkout, without its addresses",
        action("checkout_step", CHECKOUT),
        {
            "name": "checkout_step",
            "checkout_step": 2,
            "shipping_method": "parcel",
            "payment_method": "card",
            "checkout_option": "guest",
            "coupon": "AUTUMN",
        },
        {"delivery_provider": "DHL", "proof_of_payment": "invoice", "marketing_opt_in": True},
        ["personal_data_removed"],
    ),
    Case(
        "an order",
        action("transaction", WHOLE_PRODUCT, TRANSACTION),
        {"name": "order_completed"} | ORDER | WHOLE_ITEM,
        {"credit_order": False},
    ),
    Case(
        "a refund",
        action(
            "refund",
            told(
                ECOMMERCE,
                "refund",
                {"transaction_id": "T1", "currency": "EUR", "refund_amount": 19.99, "refund_reason": "too small"},
            ),
            product(quantity=1),
        ),
        {
            "name": "order_refunded",
            "order_id": "T1",
            "order_value": Decimal("19.99"),
            "currency": "EUR",
            "items.product_id": ["SKU1"],
        },
        {"refund_reason": "too small"},
    ),
    Case(
        "a payment that failed",
        action(
            "trns_error",
            TRANSACTION,
            told(
                ECOMMERCE,
                "transaction_error",
                {
                    "error_code": "E05",
                    "error_shortcode": "DECLINED",
                    "error_description": "declined",
                    "error_type": "hard",
                    "resolution": "retry",
                },
            ),
        ),
        {"name": "payment_failed"} | ORDER,
        {
            "credit_order": False,
            "error_code": "E05",
            "error_shortcode": "DECLINED",
            "error_description": "declined",
            "error_type": "hard",
            "resolution": "retry",
        },
    ),
    Case(
        "page, session, web page and customer come with any event",
        plain(
            "pv",
            duid=None,
            **contexts(
                told(SNOWPLOW, "web_page", {"id": "page-view-1"}),
                told(
                    SNOWPLOW,
                    "client_session",
                    {
                        "userId": "device-1",
                        "sessionId": "session-9",
                        "eventIndex": 7,
                        "sessionIndex": 2,
                        "previousSessionId": None,
                        "storageMechanism": "COOKIE_1",
                        "firstEventId": "first-1",
                        "firstEventTimestamp": "2026-11-22T11:17:17.759Z",
                    },
                    "1-0-2",
                ),
                told(ECOMMERCE, "page", {"type": "product", "language": "en", "locale": "en-GB"}),
                told(ECOMMERCE, "user", {"id": "u1", "is_guest": False, "email": "a@b.example"}),
            ),
        ),
        {
            "page_view_id": "page-view-1",
            "anonymous_id": "device-1",
            "session_id": "session-9",
            "session_index": 2,
            "session_seq": 7,
            "page_type": "product",
            "customer_pid != ''": 1,
            "traits": '{"is_guest":false}',
        },
        {"first_event_id": "first-1", "page_language": "en", "page_locale": "en-GB"},
        ["personal_data_removed"],
    ),
    Case(
        "the legacy event of a cart",
        self_describing(
            told(
                SNOWPLOW,
                "add_to_cart",
                {"sku": "SKU1", "name": "Tee", "category": "Men", "unitPrice": 9.99, "quantity": 2, "currency": "EUR"},
            )
        ),
        {
            "name": "product_added",
            "items.product_id": ["SKU1"],
            "items.name": ["Tee"],
            "items.category": ["Men"],
            "items.price": [Decimal("9.99")],
            "items.quantity": [2],
            "items.currency": ["EUR"],
        },
    ),
    Case(
        "its counterpart",
        self_describing(told(SNOWPLOW, "remove_from_cart", {"sku": "SKU1", "quantity": 2})),
        {"name": "product_removed", "items.product_id": ["SKU1"], "items.quantity": [2]},
    ),
    Case(
        "what the plugin leaves out costs a warning, not the event",
        action(
            "transaction",
            told(ECOMMERCE, "product", {"id": 7, "price": "5.10", "currency": "EUR", "quantity": "2"}),
            told(
                ECOMMERCE, "transaction", {"transaction_id": "T2", "revenue": "5.10", "currency": "EUR", "payment_method": "card"}
            ),
        ),
        {
            "name": "order_completed",
            "order_id": "T2",
            "order_value": Decimal("5.1"),
            "items.product_id": ["7"],
            "items.price": [Decimal("5.1")],
            "items.quantity": [2],
        },
        {},
        ["missing:/items/category", "missing:/order/quantity"],
    ),
]
