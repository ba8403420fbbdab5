"""`GET /schema/events`: the registry of event types as a JSON Schema, for trackers' builds and tests. Made once, cacheable.

What it says belongs to `gxy_analytics.contracts.event_types`.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import msgspec
from litestar import Request, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Response

from gxy_analytics.contracts.event_types.json_schema import event_schema

MEDIA_TYPE = "application/schema+json"
HEADERS = {
    "cache-control": "public, max-age=3600",  # a new registry comes with a new release of the service
    "access-control-allow-origin": "*",  # nothing in it is a tenant's
    "x-content-type-options": "nosniff",
}


@cache
def schema_document() -> tuple[bytes, str]:
    """The document and its entity tag."""
    body = msgspec.json.encode(event_schema())
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@get(
    "/schema/events",
    operation_id="getEventSchema",
    summary="JSON Schema (2020-12) of one event, a branch an event type",
    media_type=MEDIA_TYPE,
    responses={
        200: ResponseSpec(dict[str, Any], media_type=MEDIA_TYPE, generate_examples=False),
        304: ResponseSpec(None, description="`If-None-Match` names the current document.", generate_examples=False),
    },
)
async def get_event_schema(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The document, or 304 when the client has it."""
    body, tag = schema_document()
    headers = HEADERS | {"etag": tag}
    if is_known(request.headers.get("if-none-match", ""), tag):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=MEDIA_TYPE)


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether the header names the tag; compared weakly, as RFC 9110 §13.1.2 has it."""
    given = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return tag in given or "*" in given
