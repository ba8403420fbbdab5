"""The loader's copy of governance.suppressions: at most some seconds old, and acknowledged for each request.

What it keeps out of a batch belongs to `suppression`; deleting segments to `cleaning`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.suppressions import Suppressions, Version, load, version
from gxy_analytics.warehouse.client import read_sql
from ingest_service.loader.sink import Sink

REFRESH_SECONDS = 10.0  # a fresh list is one count of a small table; a changed one is read whole
COLUMNS = ["node_id", "request_id", "acknowledged_at", "spool_clean_at"]


class SuppressionList:
    """The list and what this node has said about it. `uncleaned` are requests whose time the spool may still hold.

    While ClickHouse does not answer the last list holds; nothing can be inserted then either.
    """

    def __init__(self, sink: Sink, node_id: str) -> None:
        self._sink = sink
        self._node_id = node_id
        self._list = Suppressions()
        self._version: Version | None = None
        self._due_at = 0.0
        self._acknowledged: dict[UUID, int] | None = None  # -> when, ms since the epoch
        self._clean: set[UUID] = set()

    def current(self) -> Suppressions:
        """The list, read in the last REFRESH_SECONDS. Raises StoppedError as `Sink.ask` does."""
        if time.monotonic() >= self._due_at:
            self._sink.ask(self._refresh)
        return self._list

    def look(self) -> None:
        """Read it while there is nothing to load; when that fails, again after REFRESH_SECONDS."""
        if time.monotonic() >= self._due_at and not self._sink.attempt(self._refresh):
            self._due_at = time.monotonic() + REFRESH_SECONDS

    @property
    def uncleaned(self) -> dict[UUID, int]:
        """Request -> the instant (ms since the epoch) up to which records received are to go: its own, or its acknowledgement."""
        known = self._acknowledged or {}
        return {
            request_id: min(until_ms, known[request_id])
            for request_id, until_ms in self._list.requests.items()
            if request_id in known and request_id not in self._clean
        }

    def cleaned(self, requests: Iterable[UUID]) -> None:
        """Say that no segment with records from these requests' time is left."""
        done = list(requests)
        if done and self._sink.attempt(lambda client: self._say(client, done, clean_at=_now())):
            self._clean.update(done)

    def _refresh(self, client: Client) -> None:
        seen = version(client)
        if seen != self._version:
            found = load(client)
            # From here on every batch is prepared with the new list: no earlier one is under way.
            self._list = found
            self._acknowledge(client, found.requests)
            self._version = seen
        self._due_at = time.monotonic() + REFRESH_SECONDS

    def _acknowledge(self, client: Client, requests: Iterable[UUID]) -> None:
        if self._acknowledged is None:
            said = client.query(read_sql(__package__, "own_acks.sql"), parameters={"node_id": self._node_id}).result_rows
            self._acknowledged = {request_id: acknowledged_ms for request_id, acknowledged_ms, _ in said}
            self._clean = {request_id for request_id, _, is_clean in said if is_clean}
        if new := [request_id for request_id in requests if request_id not in self._acknowledged]:
            self._acknowledged |= dict.fromkeys(new, time.time_ns() // 1_000_000)
            self._say(client, new, clean_at=None)

    def _say(self, client: Client, requests: Iterable[UUID], clean_at: datetime | None) -> None:
        known = self._acknowledged or {}
        rows = [[self._node_id, one, datetime.fromtimestamp(known[one] / 1000, UTC), clean_at] for one in requests]
        client.insert("suppression_acks", rows, column_names=COLUMNS, database="governance")


def _now() -> datetime:
    return datetime.now(UTC)
