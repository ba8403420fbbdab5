"""Days that cannot be computed from events any more: from then on their rows in marts stay as they were built.

Keeping them belongs to the dbt materialization `daily_swap`, which carries them; this module says which they are.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.retention.plan import RulePlan, World, parameters, statement
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.day_builds import stale_days
from gxy_analytics.warehouse.partitions import Window

TenantDay = tuple[str, date]


def frozen_days(client: Client, window: Window) -> list[TenantDay]:
    """The frozen days of `window`, by tenant."""
    bounds = {"first": window.first, "last": window.last}
    return [
        (tenant, day) for tenant, day in client.query(read_sql(__package__, "frozen_days.sql"), parameters=bounds).result_rows
    ]


def days_to_freeze(client: Client, world: World, planned: RulePlan) -> list[TenantDay]:
    """The days that lose events when the plan is carried out, and are not frozen yet."""
    bound = {**parameters(planned.rule, planned.cutoffs, world.protection), "freezes": planned.rule.freezes}
    rows = client.query(statement(planned.rule, "days_going.sql"), parameters=bound).result_rows
    return [(tenant, day) for tenant, day in rows]


def waiting_for_builds(client: Client, days: list[TenantDay]) -> list[date]:
    """The days among these that got rows since they were built: they are built again before their events go."""
    if not days:
        return []
    dates = {day for _, day in days}
    return [stale.day for stale in stale_days(client, max(dates)) if stale.day in dates]


def freeze(client: Client, days: list[TenantDay], run_id: UUID) -> None:
    """From now on the marts of these days stay as they are. Before the events go, so that no build comes between."""
    if days:
        now = datetime.now(UTC)
        client.insert(
            "retention_frozen_days",
            [[tenant, day, run_id, now] for tenant, day in days],
            column_names=["tenant_id", "local_date", "run_id", "frozen_at"],
            database="governance",
        )
