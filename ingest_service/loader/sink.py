"""Inserting into ClickHouse until it is in: Arrow over HTTP with a deduplication token, retried with backoff for ever.

Which rows and which token belongs to `manifest`; a token makes it harmless to insert again what was already in.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from threading import Event as Flag
from typing import TypeVar

import pyarrow as pa
import xxhash
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from gxy_analytics.errors import GxyError, SourceUnreachableError
from gxy_analytics.warehouse.client import connect

logger = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 5.0
INSERT_TIMEOUT_SECONDS = 60  # a server that hangs is asked again; the token makes that harmless
FAILURES = (ClickHouseError, SourceUnreachableError, HTTPError, OSError)
INSERT_SETTINGS = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,
}
Answer = TypeVar("Answer")


class StoppedError(GxyError):
    """The loader was told to stop while ClickHouse did not answer: the batch in hand goes on after the next start."""


def arrow_bytes(table: pa.Table) -> bytes:
    """The table as one ArrowStream."""
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return buffer.getvalue().to_pybytes()


def digest(stream: bytes) -> str:
    """xxh3-64 of an Arrow stream, hex."""
    return xxhash.xxh3_64_hexdigest(stream)


class Sink:
    """One connection, opened when needed and again after a failure. `error` is the last failure while it lasts."""

    def __init__(self, url: str, stop: Flag, on_trouble: Callable[[], None] = lambda: None) -> None:
        self._url = url
        self._stop = stop
        self._on_trouble = on_trouble
        self._client: Client | None = None
        self.error: str | None = None
        self.down_since: float | None = None

    def insert(self, table: str, columns: list[str], stream: bytes, token: str) -> None:
        """Insert one Arrow stream; returns when ClickHouse has it. Raises StoppedError."""
        quoted = [f"`{column}`" for column in columns]
        self.ask(
            lambda client: client.raw_insert(
                table, quoted, stream, settings={**INSERT_SETTINGS, "insert_deduplication_token": token}, fmt="ArrowStream"
            )
        )

    def ask(self, question: Callable[[Client], Answer]) -> Answer:
        """Do `question` until it succeeds, waiting longer each time. Raises StoppedError."""
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            try:
                return self._once(question)
            except FAILURES as error:
                self._failed(error)
            if self._stop.wait(backoff * random.uniform(0.5, 1.0)):  # noqa: S311  (jitter)
                raise StoppedError("stopped while ClickHouse did not answer: the batch in hand goes on after the next start.")
            backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)

    def attempt(self, question: Callable[[Client], object]) -> bool:
        """Do `question` once, for what can wait while there is nothing to insert; returns whether it succeeded."""
        try:
            self._once(question)
        except FAILURES as error:
            self._failed(error)
            return False
        return True

    def _once(self, question: Callable[[Client], Answer]) -> Answer:
        if self._client is None:
            self._client = connect(self._url, purpose="loader", timeout=INSERT_TIMEOUT_SECONDS)
        answer = question(self._client)
        if self.down_since is not None:
            seconds = round(time.time() - self.down_since, 1)
            logger.warning("clickhouse_back", extra={"fields": {"after_seconds": seconds}})
        self.error = self.down_since = None
        return answer

    def _failed(self, error: Exception) -> None:
        self.close()
        first = self.error is None
        self.error = " ".join(str(error).split())[:300] or type(error).__name__
        self.down_since = self.down_since or time.time()
        if first:
            logger.warning("clickhouse_down", extra={"fields": {"message": f"trying again: {self.error}"}})
        self._on_trouble()

    def close(self) -> None:
        """Drop the connection; the next question opens another."""
        if self._client is not None:
            self._client.close()
            self._client = None
