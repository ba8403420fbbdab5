"""Waiting until the loader has loaded what was sent, by the ledger and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings
from gxy_analytics.stack.probes import loader_status
from gxy_analytics.warehouse.client import read_sql

POLL_SECONDS = 0.3
PATIENCE_SECONDS = 60.0  # without any progress


class LoaderStalledError(GxyError):
    """Accepted events do not reach the warehouse."""


@dataclass(frozen=True)
class LedgerLine:
    """The ledger of one tenant, in events."""

    accepted: int = 0
    inserted: int = 0
    deduplicated: int = 0
    rejected: int = 0
    dropped: int = 0

    @property
    def is_balanced(self) -> bool:
        return self.accepted == self.inserted + self.deduplicated + self.rejected + self.dropped

    def __add__(self, other: LedgerLine) -> LedgerLine:
        return LedgerLine(*(mine + theirs for mine, theirs in zip(self._counts, other._counts, strict=True)))

    def __sub__(self, other: LedgerLine) -> LedgerLine:
        return LedgerLine(*(mine - theirs for mine, theirs in zip(self._counts, other._counts, strict=True)))

    @property
    def _counts(self) -> tuple[int, ...]:
        return self.accepted, self.inserted, self.deduplicated, self.rejected, self.dropped


def read_ledger(client: Client, tenants: Sequence[str]) -> dict[str, LedgerLine]:
    """tenant -> its ledger since the beginning; a tenant without events has a line of zeros."""
    rows = client.query(read_sql(__package__, "ledger.sql"), parameters={"tenants": list(tenants)}).result_rows
    return {tenant: LedgerLine() for tenant in tenants} | {tenant: LedgerLine(*counts) for tenant, *counts in rows}


def wait_until_idle(settings: Settings) -> None:
    """Return when nothing that was accepted earlier waits in the spool, so that the ledger may be read as a beginning.

    Raises LoaderStalledError when the spool does not empty within PATIENCE_SECONDS.
    """
    asked, deadline = time.time(), time.monotonic() + PATIENCE_SECONDS
    while True:
        status = loader_status(settings.loader_dir)
        if status and status.updated_at >= asked and status.lag_bytes == 0:
            return
        if time.monotonic() > deadline:
            raise LoaderStalledError(f"The loader does not empty the spool in {settings.spool_dir}: see `gxy ingest status`.")
        time.sleep(POLL_SECONDS)


def wait_for_loader(client: Client, tenants: Sequence[str], accepted: int, progress: Callable[[int], None]) -> None:
    """Return when the ledger of `tenants` has reached `accepted` events in all. `progress` gets the events loaded so far.

    Raises LoaderStalledError when nothing moved for PATIENCE_SECONDS.
    """
    loaded, moved_at = -1, time.monotonic()
    while True:
        now = sum((line.accepted for line in read_ledger(client, tenants).values()), 0)
        if now > loaded:
            loaded, moved_at = now, time.monotonic()
            progress(loaded)
        if loaded >= accepted:
            return
        if time.monotonic() - moved_at > PATIENCE_SECONDS:
            raise LoaderStalledError(
                f"The loader has loaded {loaded:,} of {accepted:,} events and has stood still for {PATIENCE_SECONDS:.0f} s: "
                "read its log in the stack's `logs` directory, then `gxy doctor`."
            )
        time.sleep(POLL_SECONDS)
