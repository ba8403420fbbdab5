"""The Litestar application of one ingest worker: its routes, its documentation, its life. Processes belong to `supervisor`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin

from gxy_analytics.settings import Settings
from ingest_service.answers import send_preflight
from ingest_service.auth import KeyLoader, KeyRegistry
from ingest_service.client_address import parse_networks
from ingest_service.documented import protocol_paths
from ingest_service.endpoint import Endpoint
from ingest_service.intake import Intake
from ingest_service.metrics import IngestMetrics
from ingest_service.protocols.native_wire import NativeWire
from ingest_service.protocols.segment.wires import SEGMENT_WIRES
from ingest_service.protocols.snowplow.wire import SNOWPLOW_WIRES
from ingest_service.protocols.wire import Wire
from ingest_service.routes import ROUTES, event_schemas
from ingest_service.scrapers import Scrapers
from ingest_service.spool.group_commit import GroupCommit
from ingest_service.spool.writer import take_slot

WIRES: tuple[Wire, ...] = (NativeWire(), *SEGMENT_WIRES, *SNOWPLOW_WIRES)  # the busiest first
DRAIN_SECONDS = 5.0  # in-flight requests get this long to end


class IngestApp(Litestar):
    """Litestar with a fast lane: requests of the event paths go to their endpoint without the router."""

    endpoints: list[Endpoint]
    intake: Intake

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] == "http":
            path, method = scope["path"], scope["method"]
            for endpoint in self.endpoints:
                if endpoint.wire.matches(path):
                    if method in endpoint.wire.methods:
                        return await endpoint(scope, receive, send)
                    if method == "OPTIONS":
                        return await send_preflight(send, dict(scope["headers"]))
        return await super().__call__(scope, receive, send)


def create_app(settings: Settings, *, load_keys: KeyLoader) -> IngestApp:
    """The application of one worker. Its slot of the spool is taken when it starts and given up, sealed, when it stops.

    `load_keys` reads what the active write keys grant, by their hash, blocking; it raises KeysUnavailableError.
    """
    keys = KeyRegistry(load_keys, settings.data_dir / "ingest" / "keys.json")
    intake = Intake(settings, keys, IngestMetrics(settings))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        keys.start()
        spool = await asyncio.to_thread(take_slot, settings.spool_dir, settings.node_id)
        intake.watermarks.start()
        intake.commits = commits = GroupCommit(spool, intake.metrics.observe_commit)
        yield
        await drain(intake)
        await commits.close()
        intake.watermarks.stop()
        keys.stop()

    app = IngestApp(
        ROUTES,
        lifespan=[lifespan],
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="GXY ingest",
            version=version("gxy-analytics"),
            description="Events in. A 200 means every event answered `ok` or `warning` is on disk.",
            render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
        ),
    )
    app.openapi_schema.components.schemas.update(event_schemas()[1])
    app.openapi_schema.paths = {**(app.openapi_schema.paths or {}), **protocol_paths()}
    app.intake = app.state.intake = intake
    app.state.scrapers = Scrapers(intake.addresses, parse_networks("GXY_METRICS_NETWORKS", settings.metrics_networks))
    app.endpoints = [Endpoint(intake, wire) for wire in WIRES]
    app.state.native = app.endpoints[0]
    return app


async def drain(intake: Intake) -> None:
    """Take no more traffic and wait for the requests in flight, at most DRAIN_SECONDS."""
    intake.draining = True
    deadline = time.monotonic() + DRAIN_SECONDS
    while intake.in_flight and time.monotonic() < deadline:
        await asyncio.sleep(0.005)
