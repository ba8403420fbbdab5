"""Retention in the graph: what is over goes once a day, and the check that nothing is kept for longer; their job and schedule."""

from datetime import UTC, datetime
from uuid import UUID

import dagster as dg

from assets.checks.results import result
from assets.conventions import BUILD_TAG, OWNERS, WRITE_POOL, table_spec
from gxy_analytics.governance.retention.apply import Applied
from gxy_analytics.governance.retention.apply import apply as apply_rules
from gxy_analytics.governance.retention.overdue import check_overdue
from gxy_analytics.quality.row_counts import table_rows
from gxy_analytics.resources import Platform

KEY = ["governance", "retention_runs"]
CRON = "0 17 * * *"
"""Hours after the nightly build (12:30 UTC): a day that waits to be built again keeps its events."""


@dg.multi_asset(
    name="retention_runs",
    specs=[
        table_spec(
            "governance",
            "retention_runs",
            "What went because its period was over, by table, tenant and partition.",
            kinds={"python"},
            deps=[["raw", "events"], ["raw", "events_rejected"]],
            tags={BUILD_TAG: "apart"},
        )
    ],
    pool=WRITE_POOL,
)
def retention_runs(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Delete what is over, under every rule; what legal holds keep stays."""
    with platform.clickhouse("retention", context.run.run_id, role="eraser") as client:
        done = apply_rules(client, platform.settings, datetime.now(UTC), UUID(context.run.run_id))
        rows = table_rows(client, *KEY) or 0
    return dg.MaterializeResult(
        asset_key=KEY,
        metadata={
            "dagster/row_count": rows,
            "rows": sum(one.rows for one in done),
            "bytes": sum(one.bytes for one in done),
            "held_rows": sum(one.held for one in done),
            "by_rule": dg.MetadataValue.md("\n".join(_line(one) for one in done)),
        },
    )


@dg.asset_check(asset=KEY, description="Nothing is older than its period, but what a legal hold keeps.")
def nothing_is_overdue(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    """Count what should have gone."""
    with platform.clickhouse("check retention", context.run.run_id, role="eraser") as client:
        found = check_overdue(client, platform.settings, datetime.now(UTC))
    return result(found, asset=KEY, check="nothing_is_overdue")


def _line(one: Applied) -> str:
    waits = f"; waits: {one.waits_for}" if one.waits_for else ""
    return f"- {one.rule.name}: {one.rows} rows, {one.held} held{waits}"


retention = dg.define_asset_job(
    "retention",
    selection=dg.AssetSelection.assets(KEY),
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Delete what is older than its period and under no legal hold, and count what should not be there any more.",
)

daily_retention = dg.ScheduleDefinition(
    name="daily_retention",
    job=retention,
    cron_schedule=CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    owners=OWNERS,
    description="At 17:00 UTC: what passed its period today goes.",
)
