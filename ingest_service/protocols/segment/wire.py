"""Segment's and RudderStack's routes that take events as JSON. Pixels are in `pixel`, documents for browsers in `documents`."""

from __future__ import annotations

from litestar.types import HTTPScope

from ingest_service.answers import Answer, RefusalError
from ingest_service.protocols import native
from ingest_service.protocols.segment.answers import STORED, refuse_segment
from ingest_service.protocols.segment.judge import judge
from ingest_service.protocols.segment.keys import header_key
from ingest_service.protocols.segment.routes import ANONYMOUS_ID_NOTE, BEACON_PATH, ROUTE_NOTE, ROUTES
from ingest_service.protocols.wire import Reading
from ingest_service.request import Headers, query_value

PROTOCOL = "segment"
MAX_ANONYMOUS_ID = 400  # characters of the header: 200 of the id, as base64


class SegmentWire:
    """See `wire.Wire`. The content type is ignored: browsers send text/plain, RudderStack's Node client a form's."""

    protocol = PROTOCOL
    label = "/v1/segment"
    methods = frozenset({"POST"})
    has_key_in_body = True

    def matches(self, path: str) -> bool:
        return path in ROUTES

    def early_key(self, scope: HTTPScope, headers: Headers) -> str | bytes | None:
        key = header_key(headers)
        return query_value(scope, "writeKey") if key is None and scope["path"] == BEACON_PATH else key

    def notes(self, scope: HTTPScope, headers: Headers) -> dict[str, str]:
        return {ROUTE_NOTE: ROUTES[scope["path"]]}

    def read(self, scope: HTTPScope, headers: Headers, body: bytes) -> Reading:
        prepared = native.prepare(body)
        route = ROUTES[scope["path"]]
        results, key = judge(prepared, route)
        notes = {}
        if b"anonymousid" in headers and any(result.code == "missing_identity" for result in results):
            notes[ANONYMOUS_ID_NOTE] = headers[b"anonymousid"][:MAX_ANONYMOUS_ID].decode("latin-1")
        return Reading(prepared, results, key or query_value(scope, "writeKey"), notes)

    def accept(self, scope: HTTPScope, reading: Reading) -> Answer:
        return STORED

    def refuse(self, scope: HTTPScope, error: RefusalError) -> Answer:
        return refuse_segment(error)
