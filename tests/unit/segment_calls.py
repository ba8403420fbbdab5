"""Calls of Segment's clients for the tests, read by the real adapter."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.segment.adapter import SEGMENT
from ingest_service.protocols.segment.routes import ROUTE_NOTE

Json = dict[str, Any]
RECEIVED_MS = 1_795_345_541_000


def request(route: str = "batch", **fields: Any) -> Request:
    """The request of a route, as spooled."""
    headers = {ROUTE_NOTE: route} | fields.pop("notes", {})
    given = {"tenant_id": "t", "protocol": "segment", "received_ms": RECEIVED_MS, "offset": 0, "headers": headers}
    return Request(**given | {"ip_truncated": "192.0.2.0", "user_agent": "header/1"} | fields)


def read(*calls: Any, **fields: Any) -> Draft:
    """The draft of one batch."""
    shared = fields.pop("shared", {})
    draft = Draft()
    SEGMENT.read(json.dumps({"batch": calls} | shared).encode(), request(**fields), draft)
    return draft


def call(**fields: Any) -> Json:
    """A track call."""
    return {"type": "track", "event": "X", "messageId": "m-1", "anonymousId": "a-1", **fields}


def one(given: Json, **fields: Any) -> Json:
    """The event of one call, as JSON, with its warnings under `warnings`."""
    draft = read(given, **fields)
    assert not draft.letters
    (event,) = draft.events
    return msgspec.json.decode(msgspec.json.encode(event)) | {"warnings": draft.warnings.get(0, [])}


def tracked(event: str, /, **properties: Any) -> Json:
    """The event of a track call."""
    return one(call(event=event, properties=properties))


def at(event: Json, path: str) -> Any:
    """The value at a dotted path; `items` are the first item."""
    value: Any = event
    for step in path.split("."):
        value = value[0] if isinstance(value, list) else value
        value = value.get(step) if isinstance(value, dict) else None
    return value
