"""The routes of other trackers in the OpenAPI document: the router does not know them, for the fast lane answers them.

What they say in full is in docs/reference/snowplow.md and docs/reference/segment.md; the native route and health are in `routes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    PathItem,
    Reference,
    RequestBody,
    Schema,
)

from ingest_service.protocols.segment.routes import BATCH, PIXEL_ROUTES, ROUTES

TP2_PATHS = ("/com.snowplowanalytics.snowplow/tp2", "/{write_key}/tp2")
SNOWPLOW_PIXEL = "/i"  # /ice.png is the same
OBJECT = Schema(type=OpenAPIType.OBJECT)
OBJECTS = Schema(type=OpenAPIType.ARRAY, items=OBJECT)
REFUSAL = Reference("#/components/schemas/Refusal")

WHY = {
    400: "Not what this protocol sends; says where and why.",
    401: "No write key, or one that is not known.",
    403: "The tenant's allow-list does not have this origin, or the tenant is suspended.",
    404: "No such write key, or nothing that could be one.",
    408: "The body did not arrive in time.",
    413: "The body is too large as sent or as inflated, or has too many events.",
    415: "Unknown Content-Encoding.",
    429: "Over a quota, or the spool is full: send the same again after `Retry-After` seconds.",
    503: "Cannot be made durable, or the key cannot be checked, now: retry after `Retry-After` seconds.",
}
SNOWPLOW_REFUSALS = (400, 401, 403, 408, 429, 503)  # its trackers repeat a 413 or 415 for ever: they get a 400
NOT_ROUTED = 404  # may come from the router, in its own words
SEGMENT_REFUSALS = (400, 401, 403, 408, 413, 415, 429, 503)


@dataclass(frozen=True)
class Route:
    """What is said of one operation; `media_type` is of a 200."""

    id: str
    summary: str
    refusals: tuple[int, ...]
    media_type: str = "application/json"
    body: Schema | None = None
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ("X-Write-Key",)
    path: tuple[str, ...] = ()

    def operation(self) -> Operation:
        """As OpenAPI has it."""
        given = [(name, "path") for name in self.path]
        given += [(name, "query") for name in self.query] + [(name, "header") for name in self.headers]
        responses: dict[str, OpenAPIResponse | Reference] = {
            "200": _answer("Everything that can be used is on disk.", self.media_type)
        }
        responses |= {str(status): _answer(WHY[status], "application/json", _schema_of(status)) for status in self.refusals}
        return Operation(
            operation_id=self.id,
            summary=self.summary,
            parameters=[
                Parameter(name, place, Schema(type=OpenAPIType.STRING), required=place == "path") for name, place in given
            ],
            request_body=_content(self.body) if self.body else None,
            responses=responses,
        )


def protocol_paths() -> dict[str, PathItem]:
    """Path items of Snowplow's and Segment's routes."""
    return _snowplow() | _segment() | _documents()


def _snowplow() -> dict[str, PathItem]:
    payload = Schema(
        type=OpenAPIType.OBJECT, properties={"schema": Schema(type=OpenAPIType.STRING), "data": OBJECTS}, required=["data"]
    )
    known = ("e", "eid", "dtm", "duid", "uid", "url", "page", "refr", "ue_pr", "ue_px", "co", "cx")
    items = {
        path: PathItem(
            post=Route(
                f"postPayload{number}",
                "Store a payload_data of Snowplow's trackers",
                (*SNOWPLOW_REFUSALS, *((NOT_ROUTED,) if "{" in path else ())),
                "text/plain",
                payload,
                headers=("X-Write-Key", "SP-Anonymous"),
                path=("write_key",) if "{" in path else (),
            ).operation()
        )
        for number, path in enumerate(TP2_PATHS)
    }
    pixel = {
        method: Route(
            f"{method}Pixel", "Store the one event of the query", SNOWPLOW_REFUSALS, "image/gif", query=(*known, "aid", "key")
        ).operation()
        for method in ("get", "head")
    }
    return items | {SNOWPLOW_PIXEL: PathItem(**pixel)}  # type: ignore[arg-type]


def _segment() -> dict[str, PathItem]:
    call = Schema(type=OpenAPIType.OBJECT, properties={"messageId": Schema(type=OpenAPIType.STRING), "properties": OBJECT})
    batch = Schema(type=OpenAPIType.OBJECT, properties={"batch": OBJECTS}, required=["batch"])
    keys = ("Authorization", "X-Write-Key", "AnonymousId")
    items = {
        path: PathItem(
            post=Route(
                f"postSegment{number}",
                f"Store {'a batch of calls' if kind == BATCH else f'a {kind} call'}",
                SEGMENT_REFUSALS,
                body=batch if kind == BATCH else call,
                query=("writeKey",),
                headers=keys,
            ).operation()
        )
        for number, (path, kind) in enumerate(ROUTES.items())
    }
    pixels = {
        path: PathItem(
            get=Route(
                f"get{kind.title()}Pixel",
                f"Store the {kind} call of the query",
                SEGMENT_REFUSALS,
                "image/gif",
                query=("writeKey", "anonymousId", "event"),
            ).operation()
        )
        for path, kind in PIXEL_ROUTES.items()
    }
    return items | pixels


def _documents() -> dict[str, PathItem]:
    settings = Route(
        "getSettings", "What Segment's browser client fetches first", (403, 404, 408), path=("write_key",), headers=()
    )
    source = Route("getSourceConfig", "What RudderStack's browser client fetches first", (401, 403, 408), query=("writeKey",))
    return {
        "/v1/projects/{write_key}/settings": PathItem(get=settings.operation()),
        "/sourceConfig": PathItem(get=source.operation()),
    }


def _content(schema: Any) -> RequestBody:
    return RequestBody(content={"application/json": OpenAPIMediaType(schema=schema)}, required=True)


def _schema_of(status: int) -> Reference | None:
    return None if status == NOT_ROUTED else REFUSAL


def _answer(description: str, media_type: str, schema: Any = None) -> OpenAPIResponse:
    return OpenAPIResponse(description, content={media_type: OpenAPIMediaType(schema=schema)})
