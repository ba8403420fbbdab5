"""Tenants follow the backend once an hour, and removals that are due are carried out; their job and schedule.

What the backend says is extracted by `raw.oltp_tenants` and nowhere else.
"""

from dataclasses import asdict

import dagster as dg

from assets.conventions import BUILD_TAG, OWNERS, WRITE_POOL, table_spec
from assets.retries import retried
from gxy_analytics.governance.lifecycle.mirror import follow_backend
from gxy_analytics.governance.lifecycle.removals import OPEN, Removal
from gxy_analytics.governance.lifecycle.removing import run_due_removals
from gxy_analytics.quality.row_counts import table_rows
from gxy_analytics.resources import Platform

STATES = ["governance", "tenant_states"]
REMOVALS = ["governance", "tenant_removals"]
BACKEND_TENANTS = ["raw", "oltp_tenants"]
CRON = "50 * * * *"
"""Not at the half hour, when the nightly build extracts the same table."""


@dg.multi_asset(
    name="tenant_states",
    specs=[
        table_spec(
            "governance",
            "tenant_states",
            "Follows the backend's tenants: who is gone from it is stopped and asked to leave, who is back stays, logins follow.",
            kinds={"python"},
            deps=[BACKEND_TENANTS],
            tags={BUILD_TAG: "apart"},
        )
    ],
)
def tenant_states(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Look once; fails when many tenants are gone at once."""
    with retried(), platform.clickhouse("follow tenants", context.run.run_id, role="eraser") as client:
        followed = asdict(follow_backend(client, platform.settings))
        rows = table_rows(client, *STATES) or 0
    shown = {name: ", ".join(value) or "none" if isinstance(value, tuple) else value for name, value in followed.items()}
    return dg.MaterializeResult(asset_key=STATES, metadata={"dagster/row_count": rows, **shown})


@dg.multi_asset(
    name="tenant_removals",
    specs=[
        table_spec(
            "governance",
            "tenant_removals",
            "Carries out the removals that are due, goes on with those that were begun, and looks after those of the last week.",
            kinds={"python"},
            deps=[STATES],
            tags={BUILD_TAG: "apart"},
        )
    ],
    pool=WRITE_POOL,
)
def tenant_removals(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Run what is due; one that cannot end says why and keeps the others from nothing."""
    with retried(), platform.clickhouse("remove tenants", context.run.run_id, role="eraser") as client:
        touched = run_due_removals(client, platform.settings)
        rows = table_rows(client, *REMOVALS) or 0
    return dg.MaterializeResult(
        asset_key=REMOVALS,
        metadata={
            "dagster/row_count": rows,
            "touched": len(touched),
            "open": sum(removal.state in OPEN for removal in touched),
            "removals": dg.MetadataValue.md("\n".join(_line(removal) for removal in touched) or "none was due"),
        },
    )


def _line(removal: Removal) -> str:
    return f"- {removal.tenant_id}: {removal.state}, {removal.report.get('rows', 0)} rows erased. {removal.error}"


follow_tenants = dg.define_asset_job(
    "follow_tenants",
    selection=dg.AssetSelection.assets(BACKEND_TENANTS, STATES, REMOVALS),
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Extract the backend's tenants, bring states and logins up to them, and remove who is due. Builds no day.",
)

hourly_tenants = dg.ScheduleDefinition(
    name="hourly_tenants",
    job=follow_tenants,
    cron_schedule=CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    owners=OWNERS,
    description="Ten minutes before every hour: the backend's tenants, and the removals that are due.",
)
