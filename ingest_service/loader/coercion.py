"""How each field of an event is read from a value that is not quite of its type: one function for each kind, one table of fields.

What is done with what cannot be read belongs to `lenient`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gxy_analytics.contracts.events import MAX_ID_LENGTH
from ingest_service.loader.event import (
    Campaign,
    Cart,
    Checkout,
    Client,
    Engagement,
    Event,
    Item,
    Link,
    Order,
    Page,
    ProductList,
    Promotion,
    Search,
)
from ingest_service.loader.values import parse_count, parse_flag, parse_instant, parse_money, parse_text

UNREADABLE: Any = object()

_any = msgspec.json.Decoder()


def decode(raw: msgspec.Raw) -> Any:
    """The value in `raw`, UNREADABLE when it is no JSON."""
    try:
        return _any.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return UNREADABLE


def _text(raw: msgspec.Raw) -> Any:
    found = parse_text(decode(raw))
    return UNREADABLE if found is None else found


def _identity(raw: msgspec.Raw) -> Any:
    found = _text(raw)
    return found if found is UNREADABLE or len(found) <= MAX_ID_LENGTH else UNREADABLE


def _count(raw: msgspec.Raw) -> Any:
    found = parse_count(decode(raw))
    return UNREADABLE if found is None else found


def _money(raw: msgspec.Raw) -> Any:
    found = parse_money(decode(raw))
    return UNREADABLE if found is None else msgspec.Raw(str(found).encode())


def _instant(raw: msgspec.Raw) -> Any:
    found = parse_instant(decode(raw))
    return UNREADABLE if found is None else found


def _consent(raw: msgspec.Raw) -> Any:
    given = decode(raw)
    found = {key: parse_flag(value) for key, value in given.items()} if isinstance(given, dict) else {"": None}
    return UNREADABLE if None in found.values() else found


def _texts(raw: msgspec.Raw) -> Any:
    given = decode(raw)
    found = {key: parse_text(value) for key, value in given.items()} if isinstance(given, dict) else {"": None}
    return UNREADABLE if None in found.values() else found


COERCE: dict[type, dict[str, Callable[[msgspec.Raw], Any]]] = {
    Page: dict.fromkeys(("url", "title", "referrer", "type"), _text),
    Item: {
        **dict.fromkeys(("product_id", "sku", "name", "category", "brand", "variant", "currency"), _text),
        **dict.fromkeys(("size", "stock", "creative", "coupon", "url", "image_url"), _text),
        **dict.fromkeys(("price", "list_price"), _money),
        "quantity": _count,
        "position": _count,
    },
    Cart: {"cart_id": _text, "value": _money, "currency": _text},
    Order: {
        **dict.fromkeys(("order_id", "currency", "coupon", "payment_method", "affiliation"), _text),
        **dict.fromkeys(("value", "subtotal", "tax", "shipping", "discount"), _money),
        "quantity": _count,
    },
    Checkout: {**dict.fromkeys(("checkout_id", "option", "shipping_method", "payment_method"), _text), "step": _count},
    Promotion: {**dict.fromkeys(("promotion_id", "name", "creative", "slot", "type"), _text), "position": _count},
    Search: {"query": _text, "result_count": _count, "page_results": _count, "filters": _texts},
    ProductList: {**dict.fromkeys(("list_id", "name", "category"), _text), "filters": _texts, "sorts": _texts},
    Link: {"url": _text, "element_id": _text},
    Engagement: dict.fromkeys(Engagement.__struct_fields__, _count),
    Campaign: {**dict.fromkeys(("source", "medium", "name", "term", "content"), _text), "click_ids": _texts},
    Client: dict.fromkeys(Client.__struct_fields__, _text),
    Event: {
        **dict.fromkeys(("time", "true_time"), _instant),
        **dict.fromkeys(("anonymous_id", "user_id", "previous_id", "group_id", "network_id"), _identity),
        **dict.fromkeys(("app_id", "schema_ref"), _text),
        "session_id": _text,
        "session_index": _count,
        "sequence": _count,
        "page_view_id": _text,
        "consent": _consent,
    },
}
