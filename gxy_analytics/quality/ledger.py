"""No event is lost or counted twice on its way: the ledger balances, raw holds what it says, staging holds what raw does.

Counting what arrived belongs to `events`; loading belongs to the ingest service.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.quality.events import arrived_events
from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window

PACKAGE = "gxy_analytics.quality"
SETTLING = timedelta(seconds=60)
"""A batch's events are inserted before its ledger entry. When the sums differ now, batches younger than this are left out."""

UNBALANCED = "The loader miscounted: replay the segment of the batch (`gxy ingest replay`) and report it."
LOST = (
    "Rows of raw.events were deleted, or inserted by something other than the loader: compare by batch, then replay its segment."
)
NOT_STAGED = "Build these days again (`gxy materialize --from DAY --to DAY`); events may have arrived since they were built."


def check_balance(client: Client) -> Outcome:
    """Whether accepted = inserted + deduplicated + rejected + dropped for every tenant and batch."""
    rows = client.query(read_sql(PACKAGE, "unbalanced_batches.sql")).named_results()
    wrong = [
        f"{row['tenant']} {row['batch_id']}: accepted {row['accepted']}, but inserted {row['inserted']}, "
        f"deduplicated {row['deduplicated']}, rejected {row['rejected']}, dropped {row['dropped']}"
        for row in rows
    ]
    if wrong:
        return failed("the ledger does not balance", wrong, UNBALANCED)
    tenants = _by_tenant(client, datetime.now(UTC))
    sums = {name: sum(row[name] for row in tenants) for name in ("accepted", "inserted", "deduplicated", "rejected", "dropped")}
    return passed("accepted = inserted + deduplicated + rejected + dropped, for every tenant and batch", **sums)


def check_raw_events(client: Client) -> Outcome:
    """Whether raw.events holds, per tenant, exactly the events that the ledger says were inserted, or retention took them."""
    now = datetime.now(UTC)
    wrong: list[str] = []
    for settled in (now, now - SETTLING):
        rows = _by_tenant(client, settled)
        wrong = [
            f"{row['tenant']}: {row['in_raw']} rows, but the ledger inserted {row['inserted']}"
            for row in rows
            if abs(row["in_raw"] - row["accepted"] + row["deduplicated"] + row["rejected"] + row["dropped"]) > row["going"]
        ]
        if not wrong:
            return passed(
                "raw.events holds accepted - deduplicated - rejected - dropped, for every tenant",
                events=sum(row["in_raw"] for row in rows),
                tenants=len(rows),
            )
    return failed("raw.events differs from the ledger", wrong, LOST)


def check_staged_events(client: Client, window: Window) -> Outcome:
    """Whether the staged events of the days of `window` are, per tenant, as many as arrived, but for days that lost events.

    An id that came back after the loader had forgotten it arrived twice and is staged once; the copies are told.
    """
    parameters = {"first": window.first, "last": window.last}
    staged = _by_name(client, "staged_events.sql", parameters)
    arrived = arrived_events(client, window, with_frozen=False)
    differing = sorted(tenant for tenant in staged.keys() | arrived.keys() if staged.get(tenant, 0) != arrived.get(tenant, 0))
    repeated = {}
    if differing:
        bounds = {"earliest": window.earliest_instant, "latest": window.latest_instant, "tenants": differing}
        repeated = _by_name(client, "repeated_events.sql", {**parameters, **bounds})
    wrong = [
        f"{tenant}: {staged.get(tenant, 0)} staged, {arrived.get(tenant, 0)} arrived, {repeated.get(tenant, 0)} of them repeated"
        for tenant in differing
        if staged.get(tenant, 0) + repeated.get(tenant, 0) != arrived.get(tenant, 0)
    ]
    if wrong:
        return failed(f"staged events differ from those that arrived ({window})", wrong, NOT_STAGED)
    return passed(
        f"every event that arrived is staged once ({window})",
        events=sum(staged.values()),
        repeated=sum(repeated.values()),
        tenants=len(staged),
    )


def check_session_events(client: Client) -> Outcome:
    """Whether every staged event is in exactly one session, per tenant, over all days."""
    rows = client.query(read_sql(PACKAGE, "session_events.sql")).result_rows
    wrong = [f"{tenant}: {staged} staged, {counted} in sessions" for tenant, staged, counted in rows]
    if wrong:
        return failed("marts.fct_sessions does not hold every staged event once", wrong, NOT_STAGED)
    return passed("every staged event is in exactly one session, for every tenant")


def _by_tenant(client: Client, settled: datetime) -> list[dict[str, int]]:
    result = client.query(read_sql(PACKAGE, "ledger_by_tenant.sql"), parameters={"settled": settled})
    return list(result.named_results())


def _by_name(client: Client, name: str, parameters: dict[str, Any]) -> dict[str, int]:
    return {tenant: int(n) for tenant, n in client.query(read_sql(PACKAGE, name), parameters=parameters).result_rows}
