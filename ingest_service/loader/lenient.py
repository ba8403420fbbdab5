"""Reading one event that is not quite as the contract says: coerce what can be read, keep the rest in `properties`, warn.

Only an event without a usable id or name is refused. Events as the contract says never come here: `native` decodes them at once.
How a field of each kind is read belongs to `coercion`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gxy_analytics.contracts.events import MAX_ID_LENGTH
from ingest_service.loader.coercion import COERCE, UNREADABLE, decode
from ingest_service.loader.event import NOTHING, PARTS, UNKNOWN_WARNING, Event, Item

Fields = dict[str, msgspec.Raw]

_fields = msgspec.json.Decoder(Fields)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_id = msgspec.json.Decoder(str)

PARTS_BY_KEY = {
    field.encode_name: (field.name, PARTS[field.name]) for field in msgspec.structs.fields(Event) if field.name in PARTS
}
"""Attribute and struct of the parts, by their names in JSON."""
KEYS = frozenset(
    {"product_id", "cart_id", "order_id", "list_id", "session_id", "user_id", "group_id", "checkout_id", "promotion_id"}
)
NULL = b"null"


class RefusedError(Exception):
    """The event cannot be stored: `reason` (docs/reference/events.md), JSON pointer inside the event, and a sentence."""

    def __init__(self, reason: str, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.pointer = pointer
        self.detail = detail


def read_event(raw: msgspec.Raw) -> tuple[Event, list[str]]:
    """Return the event that can be read from `raw`, and warnings. Raises RefusedError."""
    given = _object(raw)
    known: dict[str, Any] = {field: _required(given, field) for field in ("event_id", "name")}
    warnings: list[str] = []
    spare: dict[str, Any] = {}
    for key, value in given.items():
        if bytes(value) == NULL or key in known or key == "properties":
            continue
        if key in PARTS_BY_KEY:
            attribute, cls = PARTS_BY_KEY[key]
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
    given = decode(value)
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
