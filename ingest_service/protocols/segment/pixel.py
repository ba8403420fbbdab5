"""RudderStack's pixel: a call in the query string of an image, for mails and pages without scripts."""

from __future__ import annotations

import uuid
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope

from ingest_service.answers import Answer, MalformedBodyError, RefusalError
from ingest_service.protocols.segment.answers import refuse_segment
from ingest_service.protocols.segment.judge import judge
from ingest_service.protocols.segment.keys import header_key
from ingest_service.protocols.segment.routes import PIXEL_ROUTES, ROUTE_NOTE
from ingest_service.protocols.segment.wire import PROTOCOL
from ingest_service.protocols.wire import Reading
from ingest_service.request import Headers, query_value

MAX_FIELDS = 200
MAX_DEPTH = 8
GIF = Answer(
    200,
    b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
    ((b"cache-control", b"no-store"),),
    b"image/gif",
)


class PixelWire:
    """See `wire.Wire`. Nobody repeats a pixel, so each hit is an event of its own and gets its id here."""

    protocol = PROTOCOL
    label = "/pixel/v1"
    methods = frozenset({"GET", "POST"})
    has_key_in_body = False

    def matches(self, path: str) -> bool:
        return path in PIXEL_ROUTES

    def early_key(self, scope: HTTPScope, headers: Headers) -> str | bytes | None:
        return query_value(scope, "writeKey") or header_key(headers)

    def notes(self, scope: HTTPScope, headers: Headers) -> dict[str, str]:
        return {ROUTE_NOTE: PIXEL_ROUTES[scope["path"]]}

    def read(self, scope: HTTPScope, headers: Headers, body: bytes) -> Reading:
        route = PIXEL_ROUTES[scope["path"]]
        call = call_of(scope["query_string"])
        call.pop("writeKey", None)
        call["type"] = route
        call.setdefault("messageId", str(uuid.uuid4()))
        encoded = msgspec.json.encode(call)
        return Reading(encoded, judge(encoded, route).results)

    def accept(self, scope: HTTPScope, reading: Reading) -> Answer:
        return GIF

    def refuse(self, scope: HTTPScope, error: RefusalError) -> Answer:
        return refuse_segment(error)


def call_of(query: bytes) -> dict[str, Any]:
    """The call that a query string writes with dots: `properties.price=5`. Raises MalformedBodyError."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise MalformedBodyError(f"the query has more than {MAX_FIELDS} fields.") from error
    call: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = name.split(".", MAX_DEPTH)
        inner = call
        for step in path:
            below = inner.setdefault(step, {})
            if not isinstance(below, dict):
                below = inner[step] = {}
            inner = below
        inner[last] = value
    return call
