"""Which property of which event becomes which field: the tables of docs/reference/segment.md. `fill` reads calls by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ingest_service.loader.segment.readers import COUNT, KEY, MONEY, PAIRS, QUERY, TEXT, Reader

EVENT, ITEM, SHARED = "event", "item", "shared"  # beside the parts of an event: its own fields, its one product, the currency


class Target(NamedTuple):
    """Where a property goes: the part of the event, the field there, and how it is read."""

    part: str
    field: str
    reader: Reader


class Layout(NamedTuple):
    """The properties of one canonical event.

    `aliases` are tried in order after all others: (name, property whose place it takes when that is not there). `priced` is the
    part that the event's currency belongs to.
    """

    targets: Mapping[str, Target]
    aliases: tuple[tuple[str, str], ...] = ()
    priced: str = ""


def _targets(part: str, **readers: Reader) -> dict[str, Target]:
    return {field: Target(part, field, reader) for field, reader in readers.items()}


PRODUCT: dict[str, Reader] = {
    **dict.fromkeys(("product_id", "sku"), KEY),
    **dict.fromkeys(("name", "category", "brand", "variant", "coupon", "url", "image_url"), TEXT),
    **dict.fromkeys(("size", "stock", "creative"), TEXT),
    **dict.fromkeys(("price", "list_price"), MONEY),
    "quantity": COUNT,
    "position": COUNT,
}
PRODUCT_LAYOUT = Layout(_targets(ITEM, **PRODUCT, currency=TEXT), (("id", "product_id"),))

_EVERYWHERE = {
    "session_id": Target(EVENT, "session_id", KEY),
    "currency": Target(SHARED, "currency", TEXT),
}
_ONE_PRODUCT = _EVERYWHERE | _targets(ITEM, **PRODUCT)
_CART = _targets("cart", cart_id=KEY)
_LIST = _targets("product_list", list_id=KEY) | {"list_name": Target("product_list", "name", TEXT)}
_WISHLIST = {"wishlist_id": Target("product_list", "list_id", KEY), "wishlist_name": Target("product_list", "name", TEXT)}
_ORDER = (
    _EVERYWHERE
    | _CART
    | _targets("checkout", checkout_id=KEY, shipping_method=TEXT)
    | _targets("order", order_id=KEY, affiliation=TEXT, coupon=TEXT, payment_method=TEXT)
    | _targets("order", **dict.fromkeys(("subtotal", "tax", "shipping", "discount"), MONEY))
    | {"total": Target("order", "value", MONEY)}
)
_AMOUNTS = (("value", "total"), ("revenue", "total"), ("revenue", "subtotal"))  # revenue is without tax and shipping, as subtotal
_STEP = _ORDER | _targets("checkout", step=COUNT, option=TEXT, payment_method=TEXT)
_ID = (("id", "product_id"),)

_SESSION = {"session_id": _EVERYWHERE["session_id"]}
CUSTOM = Layout(_SESSION)
PAGE = Layout(
    _SESSION | _targets("page", url=TEXT, title=TEXT, referrer=TEXT) | _targets("page", path=TEXT, search=TEXT),
)
_PRODUCT_EVENT = Layout(_ONE_PRODUCT | _LIST, _ID)
_CART_CHANGE = Layout(_ONE_PRODUCT | _CART | {"cart_value": Target("cart", "value", MONEY)} | _LIST | _WISHLIST, _ID, "cart")
_WISHLIST_CHANGE = Layout(_ONE_PRODUCT | _WISHLIST, _ID)
_CART_EVENT = Layout(_EVERYWHERE | _CART | {"value": Target("cart", "value", MONEY)}, (("total", "value"),), "cart")
_ORDER_EVENT = Layout(_ORDER, (("orderId", "order_id"), ("id", "order_id"), *_AMOUNTS), "order")
_STEP_EVENT = Layout(_STEP, _AMOUNTS, "order")
_PROMOTION = Layout(
    _EVERYWHERE
    | _targets("promotion", promotion_id=KEY, name=TEXT, creative=TEXT, slot=TEXT, type=TEXT)
    | {"position": Target("promotion", "position", KEY)},
    (("id", "promotion_id"),),
)
_COUPON = Layout(
    _EVERYWHERE | _CART | _targets("order", order_id=KEY, discount=MONEY) | {"coupon_id": Target("order", "coupon", TEXT)},
    (("coupon", "coupon_id"), ("coupon_name", "coupon_id")),
    "order",
)
_SEARCH = Layout(
    _EVERYWHERE
    | _LIST
    | {"query": Target("search", "query", QUERY), "filters": Target("search", "filters", PAIRS)}
    | {"result_count": Target("search", "result_count", COUNT)},
    (("results_count", "result_count"), ("total_results", "result_count")),
)
_LIST_VIEW = Layout(
    _EVERYWHERE | _LIST | _targets("product_list", category=TEXT, filters=PAIRS, sorts=PAIRS),
    (("name", "list_name"),),
)

LAYOUTS: dict[str, Layout] = {
    "search_performed": _SEARCH,
    "product_impression": _LIST_VIEW,
    **dict.fromkeys(("product_clicked", "product_viewed", "product_shared", "product_reviewed"), _PRODUCT_EVENT),
    **dict.fromkeys(("product_added", "product_removed"), _CART_CHANGE),
    **dict.fromkeys(("wishlist_product_added", "wishlist_product_removed"), _WISHLIST_CHANGE),
    **dict.fromkeys(("cart_viewed", "cart_shared"), _CART_EVENT),
    **dict.fromkeys(("checkout_step", "payment_info_entered"), _STEP_EVENT),
    **dict.fromkeys(("checkout_started", "order_completed", "order_updated"), _ORDER_EVENT),
    **dict.fromkeys(("order_refunded", "order_cancelled"), _ORDER_EVENT),
    **dict.fromkeys(("promotion_viewed", "promotion_clicked"), _PROMOTION),
    **dict.fromkeys(("coupon_entered", "coupon_applied", "coupon_denied", "coupon_removed"), _COUPON),
    "page_viewed": PAGE,
}
