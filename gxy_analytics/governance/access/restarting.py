"""Making the embedded server read its users: it does so only at a start, which the stack's supervisor gives it.

What it will read is written by `embedded`; a full server needs nothing of this.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from clickhouse_connect.driver.httputil import default_pool_manager

from gxy_analytics.errors import GxyError, SourceUnreachableError
from gxy_analytics.governance.access.facts import read_facts
from gxy_analytics.settings import Settings, require
from gxy_analytics.stack.lock import supervisor_of
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import FLUSH_LOG, KILL_SERVING_QUERY, access_file, ending_file
from gxy_analytics.warehouse.single_writer import WarehouseBusyError, exclusive, single_writer

Answer = TypeVar("Answer")
RESTART_SECONDS = 30.0
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 10.0
"""How long work under way is waited for, by a person at a prompt; builds of many days take minutes."""


class NotRestartedError(GxyError):
    """The embedded server has not read its users: nobody would start it again, nobody did, or work under way goes first."""


def restart(settings: Settings, *, at_once: bool) -> None:
    """End the embedded server in order and wait until the stack's supervisor has started it again. Raises NotRestartedError.

    A build, an erasure, retention or a replay is never hit: it is waited for, and when it takes too long the server is left
    alone. `at_once` goes first, for somebody must not get in any longer. A server that no stack watches would stay down: it is
    left alone too.
    """
    if supervisor_of(settings.data_dir) is None:
        raise NotRestartedError(
            f"The users are written, and ClickHouse reads them when it starts the next time: no `gxy up` runs on "
            f"{settings.data_dir} that would start it now."
        )
    with ExitStack() as held:
        try:
            # Held at once too where it is free: what begins now waits for the server instead of failing.
            _hold(held, settings.data_dir, 0.0 if at_once else PATIENCE_SECONDS)
        except WarehouseBusyError as error:
            if not at_once:
                raise NotRestartedError(
                    f"The users are written, and ClickHouse reads them when it starts the next time. It was left running: {error}"
                ) from error
        _start_again(settings)


def outlast(settings: Settings, act: Callable[[], Answer]) -> Answer:
    """Do what can be done twice, and again when the server was ended meanwhile: another command may have had it restarted."""
    deadline = time.monotonic() + RESTART_SECONDS
    while True:
        try:
            return act()
        except (SourceUnreachableError, OperationalError):
            if supervisor_of(settings.data_dir) is None or time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


def _hold(held: ExitStack, data_dir: Path, patience: float) -> None:
    """Take the locks in the order in which an erasure takes them."""
    held.enter_context(exclusive(data_dir / "run" / "erasure.lock", patience=patience))
    held.enter_context(single_writer(data_dir, patience=patience))


def _start_again(settings: Settings) -> None:
    url = require(settings.clickhouse_url, "CLICKHOUSE_URL")
    written = datetime.fromtimestamp(access_file(settings.data_dir / "clickhouse").stat().st_mtime, UTC)
    if _has_started_since(url, written):
        return
    ending_file(settings.data_dir / "clickhouse").touch()
    for sql in (FLUSH_LOG, KILL_SERVING_QUERY):
        # The connection may end before its answer.
        with suppress(SourceUnreachableError, ClickHouseError), connect(url, purpose="access") as client:
            client.command(sql)
    deadline = time.monotonic() + RESTART_SECONDS
    while time.monotonic() < deadline:
        # A server that shuts down waits for connections, idle ones too: this process need not keep it waiting.
        default_pool_manager().clear()
        time.sleep(POLL_SECONDS)
        if _has_started_since(url, written):
            return
    raise NotRestartedError(
        f"ClickHouse did not come back within {RESTART_SECONDS:.0f} s: is `gxy up` running? See `gxy doctor`."
    )


def _has_started_since(url: str, instant: datetime) -> bool:
    """Whether a server answers that began to serve later; one that is stopping still answers, and began before."""
    if not _is_listening(url):
        return False
    with suppress(SourceUnreachableError, ClickHouseError), connect(url, purpose="access") as client:
        return read_facts(client).serving_since > instant
    return False


def _is_listening(url: str) -> bool:
    """Whether somebody listens at that port. The driver says so too, in lines of a log that nobody at a prompt asked for."""
    place = urlsplit(url)
    try:
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=POLL_SECONDS):
            return True
    except OSError:
        return False
