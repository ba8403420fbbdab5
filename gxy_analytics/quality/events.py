"""How many events arrived for a window, were rejected, and stand in the ledger. Whether they balance belongs to `ledger`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window

PACKAGE = "gxy_analytics.quality"


@dataclass(frozen=True)
class Loaded:
    """The ledger's sums over everything loaded, in events."""

    accepted: int
    inserted: int
    deduplicated: int
    rejected: int
    dropped: int
    tenants: int
    last_loaded_at: datetime


def loaded(client: Client) -> Loaded:
    """Sum the ledger. `last_loaded_at` is 1970-01-01 while it is empty."""
    sums = client.query(read_sql(PACKAGE, "loaded.sql")).first_item
    return Loaded(**{**sums, "last_loaded_at": sums["last_loaded_at"].replace(tzinfo=UTC)})


def arrived_events(client: Client, window: Window, *, with_frozen: bool = True) -> dict[str, int]:
    """Accepted events by tenant whose local day is in `window`; days that lost events by retention only `with_frozen`."""
    bounds = {
        "earliest": window.earliest_instant,
        "latest": window.latest_instant,
        "first": window.first,
        "last": window.last,
        "with_frozen": with_frozen,
    }
    return {
        tenant: int(rows) for tenant, rows in client.query(read_sql(PACKAGE, "arrived_events.sql"), parameters=bounds).result_rows
    }


def rejected_events(client: Client, window: Window) -> dict[str, int]:
    """Dead letters by reason that were received on the UTC days of `window`."""
    bounds = {"first": window.first, "last": window.last}
    return {
        reason: int(rows)
        for reason, rows in client.query(read_sql(PACKAGE, "rejected_in_window.sql"), parameters=bounds).result_rows
    }
