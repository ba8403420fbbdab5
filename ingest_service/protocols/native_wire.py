"""The native protocol at the door: `POST /v1/events`, answered per event. What a body means belongs to `native`."""

from __future__ import annotations

import msgspec
from litestar.types import HTTPScope

from gxy_analytics.contracts.events import BatchResult
from ingest_service.answers import Answer, RefusalError, refuse
from ingest_service.protocols import native
from ingest_service.protocols.wire import Reading
from ingest_service.request import Headers, query_value

PATH = "/v1/events"

_encoder = msgspec.json.Encoder()


class NativeWire:
    """See `wire.Wire`."""

    protocol = native.PROTOCOL
    label = PATH
    methods = frozenset({"POST"})
    has_key_in_body = False

    def matches(self, path: str) -> bool:
        return path == PATH

    def early_key(self, scope: HTTPScope, headers: Headers) -> str | bytes | None:
        return headers.get(b"x-write-key") or query_value(scope, "key")

    def notes(self, scope: HTTPScope, headers: Headers) -> dict[str, str]:
        return {}

    def read(self, scope: HTTPScope, headers: Headers, body: bytes) -> Reading:
        prepared = native.prepare(body)
        return Reading(prepared, native.judge(prepared))

    def accept(self, scope: HTTPScope, reading: Reading) -> Answer:
        return Answer(200, _encoder.encode(BatchResult(list(reading.results))))

    def refuse(self, scope: HTTPScope, error: RefusalError) -> Answer:
        return refuse(error)
