"""What browser clients fetch before they send: Segment's settings document and RudderStack's source configuration.

Both say only that events go to this host. They name no destination, so that the clients load nothing else.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar.types import HTTPScope

from ingest_service.answers import Answer, RefusalError
from ingest_service.protocols.segment.answers import refuse_segment
from ingest_service.protocols.segment.keys import header_key
from ingest_service.protocols.segment.wire import PROTOCOL
from ingest_service.protocols.wire import Reading
from ingest_service.request import Headers, headers_of, query_value

SETTINGS_PATH = re.compile(r"/v1/projects/([^/]{1,200})/settings")
SOURCE_CONFIG_PATHS = ("/sourceConfig", "/sourceConfig/")
HOST = re.compile(rb"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](?::[0-9]{1,5})?")
CACHED = ((b"cache-control", b"private, max-age=120"),)
OVERLOADS = (429, 503)  # a client without its settings sends nothing at all; its events can be told to wait


class DocumentWire:
    """See `wire.Wire`: requests that carry no event."""

    protocol = PROTOCOL
    label = "/v1/projects/settings"
    methods = frozenset({"GET"})
    has_key_in_body = False

    def matches(self, path: str) -> bool:
        return (path.startswith("/v1/projects/") and SETTINGS_PATH.fullmatch(path) is not None) or path in SOURCE_CONFIG_PATHS

    def early_key(self, scope: HTTPScope, headers: Headers) -> str | bytes | None:
        found = SETTINGS_PATH.fullmatch(scope["path"])
        return found[1] if found else header_key(headers) or query_value(scope, "writeKey")

    def notes(self, scope: HTTPScope, headers: Headers) -> dict[str, str]:
        return {}

    def read(self, scope: HTTPScope, headers: Headers, body: bytes) -> Reading:
        return Reading(b"", ())

    def accept(self, scope: HTTPScope, reading: Reading) -> Answer:
        headers = headers_of(scope)
        key = self.early_key(scope, headers) or ""
        text = key if isinstance(key, str) else key.decode("latin-1")
        document = source_config(text) if scope["path"] in SOURCE_CONFIG_PATHS else settings(text, *address_of(scope, headers))
        return Answer(200, msgspec.json.encode(document), CACHED)

    def refuse(self, scope: HTTPScope, error: RefusalError) -> Answer:
        if error.status in OVERLOADS:
            return self.accept(scope, Reading(b"", ()))
        answer = refuse_segment(error)
        return answer._replace(status=404) if answer.status == 401 and scope["path"] not in SOURCE_CONFIG_PATHS else answer


def settings(key: str, scheme: str, host: str) -> dict[str, Any]:
    """What analytics-next needs: where to send, no integration of another's, and no report about itself to Segment."""
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": scheme,
                "deliveryStrategy": {"config": {"keepalive": True}},  # a purchase and a closed tab: the request outlives the page
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "maybeBundledConfigIds": {},
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {call: {"__default": {"enabled": True, "integrations": {}}} for call in ("track", "identify", "group")},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


def source_config(key: str) -> dict[str, Any]:
    """What RudderStack's analytics-js checks before it starts; where to send is said by the page that loads it."""
    collection = {"errors": {"enabled": False}, "metrics": {"enabled": False}}
    return {
        "source": {
            "id": "gxy",
            "name": "gxy",
            "writeKey": key,
            "enabled": True,
            "workspaceId": "gxy",
            "config": {"statsCollection": collection},
            "destinations": [],
            "dataplanes": {},
        }
    }


def address_of(scope: HTTPScope, headers: Headers) -> tuple[str, str]:
    """Scheme and host by which the client reached us: only its own next requests go there.

    Behind a proxy the scheme is what that says; a page on https can have come by https alone (browsers block the rest).
    """
    given = headers.get(b"host", b"")
    host = given.decode() if HOST.fullmatch(given) else "%s:%s" % (scope["server"] or ("localhost", 80))
    forwarded = headers.get(b"x-forwarded-proto", b"").lower()
    if forwarded in (b"http", b"https"):
        return forwarded.decode(), host
    is_local = host.rpartition(":")[0].strip("[]") in ("localhost", "127.0.0.1", "::1")
    is_secure = headers.get(b"origin", b"").startswith(b"https://") and not is_local
    return "https" if is_secure else scope["scheme"], host
