"""One call and its context as one canonical event: only what the tables of `layouts` and `context` cannot say is here."""

from __future__ import annotations

from typing import Any

import msgspec

from ingest_service.loader.event import NOTHING, PARTS, Event
from ingest_service.loader.segment.context import POINTER, Context
from ingest_service.loader.segment.fill import Filled, Given, fill
from ingest_service.loader.segment.ids import identity
from ingest_service.loader.segment.layouts import CUSTOM, EVENT, LAYOUTS, SHARED, Layout
from ingest_service.loader.segment.merges import merged
from ingest_service.loader.segment.message import Message, encode
from ingest_service.loader.segment.names import canonical_name
from ingest_service.loader.segment.pages import DERIVED, page_of
from ingest_service.loader.segment.products import items_of
from ingest_service.loader.values import MAX_UINT32

PROPERTIES = "/properties"
NAMES = {"page": "page_viewed", "screen": "page_viewed", "identify": "identify", "group": "group", "alias": "alias"}
ABOUT_PEOPLE = ("identify", "group")


def compose(message: Message, kind: str, event_id: str, context: Context) -> tuple[Event, list[str]]:
    """The event of a call of `kind`, and its warnings."""
    filled = Filled()
    if kind == "merge":
        message = merged(message, filled)
        kind = "alias"
    name = canonical_name(message.event) if kind == "track" else NAMES[kind]
    layout = LAYOUTS.get(name, CUSTOM)
    _fill_properties(message.properties, layout, filled)
    fields: Given = filled.parts.pop(EVENT, {})
    page = context.page
    if name == "page_viewed":
        page = page_of(_shown(message, context, filled, kind))
    if layout is not CUSTOM:
        fields["items"] = _trade(name, layout, filled)
    for part, given in filled.parts.items():
        fields[part] = PARTS[part](**given)
    fields.setdefault("session_id", context.session_id)
    warnings = filled.warnings
    event = Event(
        event_id=event_id,
        name=name,
        time=_time(message, warnings),
        app_id=context.app_id,
        schema_ref=message.event if kind == "track" and layout is not CUSTOM else None,
        anonymous_id=identity(message.anonymous_id, "/anonymousId", warnings),
        user_id=identity(message.user_id, "/userId", warnings),
        previous_id=identity(message.previous_id, "/previousId", warnings),
        group_id=identity(message.group_id, "/groupId", warnings) or context.group_id,
        page=page,
        campaign=context.campaign,
        client=context.client,
        consent=context.consent,
        traits=_traits(message, context, warnings) if kind in ABOUT_PEOPLE else NOTHING,
        properties=_rest(filled.rest, context),
        **fields,
    )
    return event, [*warnings, *context.warnings]


def _fill_properties(given: Any, layout: Layout, into: Filled) -> None:
    if isinstance(given, dict):
        fill(given, layout, PROPERTIES, into)
    elif given is not None and given != "":
        into.warnings.append(f"invalid:{PROPERTIES}")
        into.rest["properties"] = given


def _trade(name: str, layout: Layout, filled: Filled) -> list[Any]:
    """The items; and what the parts of a commercial event inherit from each other."""
    parts = filled.parts
    shared = parts.pop(SHARED, None)
    currency = shared["currency"] if shared else None
    items = items_of(filled, currency)
    if currency and layout.priced:
        parts.setdefault(layout.priced, {})["currency"] = currency
    elif currency and not items:
        filled.rest["currency"] = currency
    if name == "product_impression" and "product_list" in parts:
        shown = parts["product_list"]
        shown.setdefault("name", shown.get("category"))
    elif "promotion" in parts:
        _place(parts["promotion"])
    return items


def _place(promotion: Given) -> None:
    """A promotion's position is a number, or in words the slot that it is shown in."""
    position = promotion.pop("position", None)
    if position is None:
        return
    if position.isdecimal() and int(position) <= MAX_UINT32:
        promotion["position"] = int(position)
    else:
        promotion.setdefault("slot", position)


def _shown(message: Message, context: Context, filled: Filled, kind: str) -> Given:
    """The fields of the page of a page or screen call: its own words before its context's, its name where no title is."""
    rest = filled.rest
    for derived in DERIVED:
        rest.pop(derived, None)
    page = {**context.page_fields, **filled.parts.pop("page", {})}
    category = message.category or rest.get("category")
    if isinstance(category, str) and category:
        page["type"] = category
        rest.pop("category", None)
    name = message.name or rest.get("name")
    if isinstance(name, str) and name:
        if kind == "screen":
            page["title"] = name
        if page.setdefault("title", name) == name:
            rest.pop("name", None)
        else:
            rest["name"] = name
    return page


def _time(message: Message, warnings: list[str]) -> Any:
    """When the client says it happened; reading it is left to the loader, which does so by columns."""
    for pointer, given in (("/originalTimestamp", message.original_timestamp), ("/timestamp", message.timestamp)):
        if given is None or given == "":
            continue
        if type(given) is msgspec.Raw:
            return float(bytes(given))
        if isinstance(given, str | int) and not isinstance(given, bool):
            return given
        warnings.append(f"invalid:{pointer}")
    return None


def _traits(message: Message, context: Context, warnings: list[str]) -> msgspec.Raw:
    """Traits of a call about people. RudderStack's clients put them into the context. Personal data is taken out later."""
    for pointer, given in (("/traits", message.traits), (f"{POINTER}/traits", context.traits)):
        if isinstance(given, dict):
            if given:
                return msgspec.Raw(encode(given))
        elif given is not None:
            warnings.append(f"invalid:{pointer}")
    return NOTHING


def _rest(rest: Given, context: Context) -> msgspec.Raw:
    """What had no field, as properties."""
    if context.rest:
        rest["_context" if "context" in rest else "context"] = context.rest
    return msgspec.Raw(encode(rest)) if rest else NOTHING
