"""Reading one event that is not quite as the contract says: coerce what can be read, keep the rest in `properties`, warn.

Only an event without a usable id or name is refused. Events as the contract says never come here: `native` decodes them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gxy_analytics.contracts.events import MAX_ID_LENGTH
from ingest_service.loader.event import (
    NOTHING,
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

Fields = dict[str, msgspec.Raw]
UNREADABLE: Any = object()
UNKNOWN_WARNING = "unknown_field"

_fields = msgspec.json.Decoder(Fields)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_flags = msgspec.json.Decoder(dict[str, Any])
_any = msgspec.json.Decoder()
_id = msgspec.json.Decoder(str)


class RefusedError(Exception):
    """The event cannot be stored: `reason` (docs/reference/events.md), JSON pointer inside the event, and a sentence."""

    def __init__(self, reason: str, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.pointer = pointer
        self.detail = detail


def _text(raw: msgspec.Raw) -> Any:
    found = parse_text(_decode(raw))
    return UNREADABLE if found is None else found


def _identity(raw: msgspec.Raw) -> Any:
    found = _text(raw)
    return found if found is UNREADABLE or len(found) <= MAX_ID_LENGTH else UNREADABLE


def _count(raw: msgspec.Raw) -> Any:
    found = parse_count(_decode(raw))
    return UNREADABLE if found is None else found


def _money(raw: msgspec.Raw) -> Any:
    found = parse_money(_decode(raw))
    return UNREADABLE if found is None else msgspec.Raw(str(found).encode())


def _instant(raw: msgspec.Raw) -> Any:
    found = parse_instant(_decode(raw))
    return UNREADABLE if found is None else found


def _consent(raw: msgspec.Raw) -> Any:
    given = _decode(raw)
    found = {key: parse_flag(value) for key, value in given.items()} if isinstance(given, dict) else {"": None}
    return UNREADABLE if None in found.values() else found


def _texts(raw: msgspec.Raw) -> Any:
    given = _decode(raw)
    found = {key: parse_text(value) for key, value in given.items()} if isinstance(given, dict) else {"": None}
    return UNREADABLE if None in found.values() else found


def _decode(raw: msgspec.Raw) -> Any:
    try:
        return _any.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return UNREADABLE


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
PARTS: dict[str, tuple[str, type]] = {
    "page": ("page", Page),
    "cart": ("cart", Cart),
    "order": ("order", Order),
    "checkout": ("checkout", Checkout),
    "promotion": ("promotion", Promotion),
    "search": ("search", Search),
    "list": ("product_list", ProductList),
    "link": ("link", Link),
    "engagement": ("engagement", Engagement),
    "campaign": ("campaign", Campaign),
    "client": ("client", Client),
}
KEYS = frozenset(
    {"product_id", "cart_id", "order_id", "list_id", "session_id", "user_id", "group_id", "checkout_id", "promotion_id"}
)
NULL = b"null"


def read_event(raw: msgspec.Raw) -> tuple[Event, list[str]]:
    """Return the event that can be read from `raw`, and warnings. Raises RefusedError."""
    given = _object(raw)
    known: dict[str, Any] = {field: _required(given, field) for field in ("event_id", "name")}
    warnings: list[str] = []
    spare: dict[str, Any] = {}
    for key, value in given.items():
        if bytes(value) == NULL or key in known or key == "properties":
            continue
        if key in PARTS:
            attribute, cls = PARTS[key]
            known[attribute] = _part(cls, value, f"/{key}", warnings, spare, key)
        elif key == "items":
            known["items"] = _items(value, warnings, spare)
        elif key == "traits" and bytes(value)[:1] == b"{":
            known["traits"] = value
        else:
            _field(Event, key, value, "", known, warnings, spare)
    known["properties"] = _properties(given.get("properties", NOTHING), spare, warnings)
    return Event(**known), list(dict.fromkeys(warnings))


def _object(raw: msgspec.Raw) -> Fields:
    try:
        return _fields.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise RefusedError("not_an_object", "", f"an event must be a JSON object: {error}") from error


def _required(given: Fields, field: str) -> str:
    if field not in given or bytes(given[field]) == NULL:
        raise RefusedError(f"missing_{field}", f"/{field}", f"every event needs `{field}`")
    try:
        value = _id.decode(given[field])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RefusedError(f"invalid_{field}", f"/{field}", f"`{field}` must be a string: {error}") from error
    if not 1 <= len(value) <= MAX_ID_LENGTH:
        raise RefusedError(
            f"invalid_{field}", f"/{field}", f"`{field}` must have 1 to {MAX_ID_LENGTH} characters, not {len(value)}"
        )
    return value


def _field(
    cls: type, key: str, value: msgspec.Raw, pointer: str, known: dict[str, Any], warnings: list[str], spare: dict[str, Any]
) -> None:
    """Read one field into `known`; what has no place or no meaning goes to `spare`."""
    coerce = COERCE[cls].get(key)
    if coerce is None:
        warnings.append(UNKNOWN_WARNING)
        spare[key] = value
        return
    found = coerce(value)
    if found is UNREADABLE:
        warnings.append(f"invalid:{pointer}/{key}")
        spare[key] = value
        return
    known[key] = found
    if not _same(key, found, value):
        warnings.append(f"coerced:{pointer}/{key}")


def _same(key: str, found: Any, value: msgspec.Raw) -> bool:
    """Whether the contract allows `value` as it is: instants, amounts and counts in any notation, keys also as numbers."""
    if key in ("time", "true_time") or isinstance(found, msgspec.Raw | int):
        return True
    given = _decode(value)
    return bool(given == found or (key in KEYS and isinstance(given, int) and str(given) == found))


def _part(cls: type, value: msgspec.Raw, pointer: str, warnings: list[str], spare: dict[str, Any], name: str) -> Any:
    """Read one part (`page`, …); None where it is no object."""
    try:
        given = _fields.decode(value)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        warnings.append(f"invalid:{pointer}")
        spare[name] = value
        return None
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, inner in given.items():
        if bytes(inner) != NULL:
            _field(cls, key, inner, pointer, known, warnings, rest)
    if rest:
        spare[name] = rest
    return cls(**known)


def _items(value: msgspec.Raw, warnings: list[str], spare: dict[str, Any]) -> list[Item]:
    """Read `items`; an item that is no object is left out and kept in `spare` under its position."""
    try:
        given = _list.decode(value)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        warnings.append("invalid:/items")
        spare["items"] = value
        return []
    rest: dict[str, Any] = {}
    items = [_part(Item, item, "/items", warnings, rest, str(position)) for position, item in enumerate(given)]
    if rest:
        spare["items"] = rest
    return [item for item in items if item is not None]


def _properties(given: msgspec.Raw, spare: dict[str, Any], warnings: list[str]) -> msgspec.Raw:
    """`given` with `spare` added; a spare field never takes the place of a property."""
    if not spare and bytes(given)[:1] in (b"", b"{"):
        return given
    if bytes(given) in (b"", NULL):
        return msgspec.Raw(msgspec.json.encode(spare)) if spare else NOTHING
    try:
        known: dict[str, Any] = dict(_fields.decode(given))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        warnings.append("invalid:/properties")
        known = {"properties": given}
    for key, value in spare.items():
        known[key if key not in known else f"_{key}"] = value
    return msgspec.Raw(msgspec.json.encode(known))
