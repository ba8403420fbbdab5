"""Snowplow's routes at the door: the POST of payload_data, and the pixel. What a body means belongs to `envelope`.

Trackers try every status again but 400, 401, 403, 410 and 422, and the first of their queue holds up the rest: what is final
for us (413, 415) is answered 400.
"""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from litestar.types import HTTPScope

from ingest_service.answers import Answer, RefusalError, refuse
from ingest_service.privacy import ANONYMOUS_NOTE, NO_ADDRESS_NOTE
from ingest_service.protocols import native
from ingest_service.protocols.snowplow import envelope
from ingest_service.protocols.snowplow.routes import PIXELS, early_key, is_vendor_path, pairs_of, told
from ingest_service.protocols.wire import Reading, Wire
from ingest_service.request import Headers

PROTOCOL = "snowplow"
QUERY_NOTE = "gxy-query"  # parameters of the query, which stand above those of every event
APP_KEY_NOTE = "gxy-app-key"  # the app id was the write key: it is none
FINAL = frozenset({413, 415})
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
NO_STORE = ((b"cache-control", b"no-cache, no-store, must-revalidate"),)


def _notes(headers: Headers) -> dict[str, str]:
    return {ANONYMOUS_NOTE: "1", NO_ADDRESS_NOTE: "1"} if b"sp-anonymous" in headers else {}


class PayloadWire:
    """POST of payload_data. See `wire.Wire`."""

    protocol = PROTOCOL
    label = "/com.snowplowanalytics.snowplow/tp2"
    methods = frozenset({"POST"})
    has_key_in_body = True

    def matches(self, path: str) -> bool:
        return is_vendor_path(path)

    def early_key(self, scope: HTTPScope, headers: Headers) -> str | bytes | None:
        query = dict(pairs_of(scope))
        return early_key(scope, headers, query) or query.get("aid")

    def notes(self, scope: HTTPScope, headers: Headers) -> dict[str, str]:
        pairs = pairs_of(scope)
        notes = _notes(headers)
        if overlay := told(pairs):
            notes[QUERY_NOTE] = urlencode(overlay)
        if not early_key(scope, headers, dict(pairs)):
            notes[APP_KEY_NOTE] = "1"
        return notes

    def read(self, scope: HTTPScope, headers: Headers, body: bytes) -> Reading:
        prepared = native.prepare(body)
        results, app_id = envelope.judge(prepared, dict(told(pairs_of(scope))))
        return Reading(prepared, results, app_id)

    def accept(self, scope: HTTPScope, reading: Reading) -> Answer:
        return Answer(200, b"ok", media_type=b"text/plain")

    def refuse(self, scope: HTTPScope, error: RefusalError) -> Answer:
        answer = refuse(error)
        return answer._replace(status=400) if answer.status in FINAL else answer


class PixelWire(PayloadWire):
    """GET of a pixel with one event in its query. See `wire.Wire`."""

    label = "/i"
    methods = frozenset({"GET", "HEAD"})
    has_key_in_body = False

    def matches(self, path: str) -> bool:
        return path in PIXELS or is_vendor_path(path)

    def notes(self, scope: HTTPScope, headers: Headers) -> dict[str, str]:
        notes = super().notes(scope, headers)
        notes.pop(QUERY_NOTE, None)  # it is the body
        return notes

    def read(self, scope: HTTPScope, headers: Headers, body: bytes) -> Reading:
        made = envelope.body_of(told(pairs_of(scope)))
        return Reading(made, envelope.judge(made, {})[0])

    def accept(self, scope: HTTPScope, reading: Reading) -> Answer:
        return Answer(200, b"" if scope["method"] == "HEAD" else PIXEL, NO_STORE, b"image/gif")

    def refuse(self, scope: HTTPScope, error: RefusalError) -> Answer:
        answer = super().refuse(scope, error)
        return answer._replace(body=b"") if scope["method"] == "HEAD" else answer


SNOWPLOW_WIRES: tuple[Wire, ...] = (PayloadWire(), PixelWire())
