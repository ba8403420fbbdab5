"""Reading what Snowplow's trackers send with the adapter, for the tests of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from snowplow_wire import (
    NOW_MS,
    body,
)

from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.event import Event
from ingest_service.loader.snowplow.adapter import SNOWPLOW as ADAPTER
from ingest_service.protocols import native


def read(*events: Any, **headers: str) -> Draft:
    return read_body(body(*events), **headers)


def read_body(sent: bytes, **headers: str) -> Draft:
    draft = Draft()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    ADAPTER.read(native.prepare(sent), Request("acme", "snowplow", NOW_MS, 0, headers=named), draft)
    return draft


def one(event: Any, **headers: str) -> Event:
    draft = read(event, **headers)
    assert draft.letters == []
    return draft.events[0]


def properties_of(event: Event) -> dict[str, Any]:
    return msgspec.json.decode(event.properties) if event.properties else {}


def said(event: Event) -> bytes:
    """All of an event but its id."""
    fields = msgspec.json.decode(msgspec.json.encode(event)) | {"event_id": ""}
    return json.dumps(fields, sort_keys=True).encode()
