"""What is taken out of events before they become rows: identifiers that the door declared void, and personal data.

Runs after `sift`: a repeat is compared as it was sent, so that a retry after midnight, under another salt, is still a repeat.
What is personal belongs to `personal`; why an identifier is void to `ingest_service.privacy`.
"""

from __future__ import annotations

import msgspec

from ingest_service.loader.draft import Draft
from ingest_service.loader.event import NOTHING, Event
from ingest_service.loader.personal import clean_json, clean_text
from ingest_service.privacy import ANONYMOUS_NOTE, VISITOR_NOTE

REMOVED = "personal_data_removed"


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
        if _clean(event):
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
    if event.search and event.search.query:
        query = clean_text(event.search.query)
        found |= query is not event.search.query
        event.search.query = query
    return found
