"""The routes as Litestar and its OpenAPI document know them: events, their schema, liveness, readiness, metrics.

No handler has logic of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import MediaType, Request, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, Parameter, Reference, RequestBody, Schema
from litestar.response import Response
from litestar.response.base import ASGIResponse
from prometheus_client import CONTENT_TYPE_LATEST

from gxy_analytics.contracts.events import BatchResult, NativeBatch
from ingest_service.answers import Refusal, cors_headers
from ingest_service.protocols.native_wire import PATH
from ingest_service.request import headers_of
from ingest_service.schemas import get_event_schema

SCHEMA_REF = "#/components/schemas/{name}"
REFUSALS = {
    400: "The body is not a batch of events; says where and why. Kept as one dead letter.",
    401: "No write key, or one that is not known.",
    403: "The tenant's allow-list does not have this origin, or the tenant is suspended.",
    408: "The body did not arrive in time.",
    413: "The body is too large as sent or as inflated, or has too many events.",
    415: "Unknown Content-Encoding.",
    429: "Over a quota of the tenant, or more than its share of a spool that fills up: retry after `Retry-After` seconds.",
    503: "Cannot be made durable, or the key cannot be checked, now: retry after `Retry-After` seconds.",
}
NOT_FOR_ALL = {
    "code": "metrics_not_public",
    "message": "metrics are for this host and the networks in GXY_METRICS_NETWORKS: list the one of your Prometheus there.",
}


def event_schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """JSON schema of the request body, and the components that it refers to."""
    (body,), components = msgspec.json.schema_components([NativeBatch], ref_template=SCHEMA_REF)
    return body, components


@dataclass
class EventsOperation(Operation):
    """The handler reads the body itself, so its documentation is given here."""

    def __post_init__(self) -> None:
        content = {"application/json": OpenAPIMediaType(schema=Reference(event_schemas()[0]["$ref"]))}
        self.request_body = RequestBody(content=content, required=True)
        self.parameters = [
            Parameter("X-Write-Key", "header", Schema(type=OpenAPIType.STRING), "The tenant's write key.", required=False),
            Parameter(
                "key", "query", Schema(type=OpenAPIType.STRING), "The same, for clients that set no header.", required=False
            ),
        ]


@post(
    PATH,
    operation_id="postEvents",
    operation_class=EventsOperation,
    summary="Store a batch of events",
    status_code=200,
    responses={
        200: ResponseSpec(
            BatchResult, description="Every event not answered `drop` or `retry` is on disk.", generate_examples=False
        )
    }
    | {status: ResponseSpec(Refusal, description=text, generate_examples=False) for status, text in REFUSALS.items()},
)
async def post_events(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The same endpoint as the fast lane's, for what the router normalises (a trailing slash)."""
    sent = headers_of(request.scope)
    answer = await request.app.state.native.answer(request.scope, sent, request.receive)
    pairs = [*answer.headers, *cors_headers(sent.get(b"origin"))]
    headers = {name.decode(): value.decode("latin-1") for name, value in pairs}
    return ASGIResponse(body=answer.body, status_code=answer.status, headers=headers, media_type="application/json")


@get("/livez", operation_id="getLiveness", summary="Whether the event loop turns")
async def livez() -> dict[str, str]:
    """200 as long as this worker can answer at all."""
    return {"status": "live"}


@get(
    "/readyz",
    operation_id="getReadiness",
    summary="Whether to send traffic here",
    responses={503: ResponseSpec(Refusal, generate_examples=False)},
)
async def readyz(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """200 when the spool is writable and the worker is not stopping; ClickHouse being down does not matter."""
    if await request.app.state.intake.is_ready():
        return Response({"status": "ready"})
    return Response({"code": "not_ready", "message": "the spool is not writable, or this worker is stopping."}, status_code=503)


@get(
    "/metrics",
    operation_id="getMetrics",
    summary="Prometheus metrics",
    media_type=CONTENT_TYPE_LATEST,
    sync_to_thread=True,
    responses={403: ResponseSpec(Refusal, description="Not asked from this host or a listed network.", generate_examples=False)},
)
def metrics(request: Request[Any, Any, Any]) -> Response[Any]:
    """Text format 0.0.4, over all workers of this host; for this host and the networks of GXY_METRICS_NETWORKS."""
    state = request.app.state
    if state.scrapers.admit(request.scope):
        return Response(state.intake.metrics.exposition())
    return Response(NOT_FOR_ALL, status_code=403, media_type=MediaType.JSON)


ROUTES = [post_events, get_event_schema, livez, readyz, metrics]
