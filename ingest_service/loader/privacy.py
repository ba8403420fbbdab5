"""What is taken out of events before they become rows: identifiers that the door declared void, and personal data.

Runs after `sift`: a repeat is compared as it was sent, so that a retry after midnight, under another salt, is still a repeat.
What is personal belongs to `personal`; why an identifier is void to `ingest_service.privacy`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ingest_service.loader.draft import Draft
from ingest_service.loader.event import NOTHING, Event, Part, uuid_of
from ingest_service.loader.personal import clean_json, clean_text
from ingest_service.privacy import ANONYMOUS_NOTE, VISITOR_NOTE

REMOVED = "personal_data_removed"
FREE_TEXTS = (
    ("", "name"),
    ("", "consent"),
    ("page", "title"),
    *(("campaign", name) for name in ("source", "medium", "name", "term", "content")),
    *(("search", name) for name in ("query", "filters")),
    *(("product_list", name) for name in ("name", "category", "filters", "sorts")),
)
"""Fields of an event, by part, that hold a page's own words: a title may greet a customer by her address."""

IDENTIFIERS = ("anonymous_id", "previous_id", "network_id", "group_id", "session_id", "page_view_id", "app_id")
"""Fields that say who or which: one that is an address is void. `user_id` is not among them, it becomes a pseudonym."""


def protect(draft: Draft) -> None:
    """Blank what may not be kept in the events of `draft`, in place, with a warning where a client sent personal data."""
    nameless = {
        owner: request.headers.get(VISITOR_NOTE)
        for owner, request in enumerate(draft.requests)
        if VISITOR_NOTE in request.headers or ANONYMOUS_NOTE in request.headers
    }
    for row, (event, owner) in enumerate(zip(draft.events, draft.owner, strict=True)):
        if owner in nameless:
            _unname(event, nameless[owner])
        if _clean(event) | _void_addresses(event, draft.requests[owner].tenant_id):
            draft.warn(row, REMOVED)


def _unname(event: Event, visitor: str | None) -> None:
    """Nobody's event, or the cookieless visitor's."""
    event.anonymous_id = visitor
    event.user_id = event.previous_id = event.group_id = event.network_id = None
    event.traits = NOTHING
    if visitor:
        event.session_id = event.session_index = event.sequence = None


def _clean(event: Event) -> bool:
    """Whether something was personal in what a client may write freely."""
    found = False
    if event.properties:
        cleaned, found = clean_json(event.properties, is_about_person=False)
        event.properties = msgspec.Raw(cleaned) if found else event.properties
    if event.traits:
        cleaned, was_found = clean_json(event.traits, is_about_person=True)
        event.traits = msgspec.Raw(cleaned) if was_found else event.traits
        found |= was_found
    for part, name in FREE_TEXTS:
        found |= _clean_field(getattr(event, part) if part else event, name)
    return found


def _void_addresses(event: Event, tenant_id: str) -> bool:
    """Take away identifiers that hold an address or a number; the event's own id becomes one that follows from it."""
    held = [name for name in IDENTIFIERS if isinstance(given := getattr(event, name), str) and clean_text(given) is not given]
    for name in held:
        setattr(event, name, None)
    if clean_text(event.event_id) is not event.event_id:
        event.event_id = str(uuid_of(tenant_id, event.event_id))
        held.append("event_id")
    return bool(held)


def _clean_field(part: Part | None, name: str) -> bool:
    """Clean one field of a part in place, a text or a map with text for keys; return whether something was personal in it."""
    given = getattr(part, name, None)
    if not given:
        return False
    cleaned: object = clean_text(given) if isinstance(given, str) else _clean_map(given)
    if cleaned == given:
        return False
    setattr(part, name, cleaned)
    return True


def _clean_map(given: Mapping[str, object]) -> dict[str, object]:
    return {clean_text(key): clean_text(value) if isinstance(value, str) else value for key, value in given.items()}
