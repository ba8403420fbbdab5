"""One worker process: the application under Granian, from its first request to the last commit. Who starts it: `supervisor`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from gxy_analytics.settings import Settings, require
from ingest_service.app import IngestApp, create_app
from ingest_service.write_keys import clickhouse_keys

logger = logging.getLogger(__name__)

BACKLOG = 2048
MAX_CONNECTIONS = 2048  # of one worker; more wait to be accepted
HEAD_BYTES = 64 << 10  # of a request's line and headers; also the largest piece of a body that is read at once
IDLE_MS = 75_000  # of a kept-alive connection: longer than balancers reuse one (60 s), so that none meets a closed door
DRAIN_NOTICE_SECONDS = 0.3  # /readyz says 503 this long before connections are closed, so that a balancer looks elsewhere


class IngestServer(Server):
    """Granian inside our own event loop: SIGTERM first makes the worker unready, then ends it in order."""

    def __init__(self, app: IngestApp, settings: Settings) -> None:
        super().__init__(
            app,
            address=settings.listen_host,
            port=settings.ingest_port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=IDLE_MS, max_buffer_size=HEAD_BYTES),
            websockets=False,
            backlog=BACKLOG,
            backpressure=MAX_CONNECTIONS,
            log_enabled=False,
        )
        self.app = app
        self._stopping: asyncio.Task[None] | None = None

    def begin_stop(self) -> None:
        """Signal handler: idempotent."""
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop())

    async def _stop(self) -> None:
        self.app.intake.draining = True
        await asyncio.sleep(DRAIN_NOTICE_SECONDS)
        self.stop()


async def serve(app: IngestApp, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError when the port or the spool cannot be had."""
    server = IngestServer(app, settings)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, server.begin_stop)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve()


def prepare_worker(settings: Settings) -> Callable[[], None]:
    """The body of a worker process; what takes long (0.3 s) is done here, before the fork. Raises MissingSettingError."""
    app = create_app(settings, load_keys=clickhouse_keys(require(settings.clickhouse_url, "CLICKHOUSE_URL")))
    gc.collect()
    gc.freeze()  # these 90,000 objects live for ever; looking through them held every request up for 50 ms, twice a second
    return lambda: uvloop.run(serve(app, settings))
