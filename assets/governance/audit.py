"""The audit in the graph: governance.audit once a day, the check that looks through its chain, and their job and schedule."""

from datetime import UTC, datetime

import dagster as dg

from assets.checks.results import result
from assets.conventions import BUILD_TAG, OWNERS, table_spec
from gxy_analytics.governance.audit.daily import bring_up_to_date, look_through
from gxy_analytics.governance.audit.verification import Verdict
from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.quality.row_counts import table_rows
from gxy_analytics.resources import Platform

KEY = ["governance", "audit"]
CRON = "10 0 * * *"
"""Ten minutes after the day, so that its last hour is in the log."""
REMEDY = (
    "Find out who had write access to the database, keep a copy of the table, and restore the rows from a backup: "
    "docs/reference/audit.md says what each problem means."
)


@dg.multi_asset(
    name="audit",
    specs=[
        table_spec(
            "governance",
            "audit",
            "Who did and read what: acts that were recorded, and what the log of queries knows, chained row by row.",
            kinds={"python"},
            tags={BUILD_TAG: "apart"},
        )
    ],
)
def audit(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Harvest the log of queries, seal what waits, give up what is too old."""
    with platform.clickhouse("audit", context.run.run_id, role="auditor") as client:
        day = bring_up_to_date(client, platform.settings, datetime.now(UTC))
        rows = table_rows(client, *KEY) or 0
    until = day.harvest.harvested_until
    return dg.MaterializeResult(
        asset_key=KEY,
        metadata={
            "dagster/row_count": rows,
            "sealed": day.sealed,
            "retired": day.retired,
            "harvested_until": until.isoformat() if until else "no complete hour",
            "head": f"{day.head.sequence}:{day.head.hash}",
        },
    )


@dg.asset_check(asset=KEY, description="No row of the chain is altered, missing, moved or added, and its end is as anchored.")
def audit_is_whole(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    """Look through the whole chain."""
    with platform.clickhouse("audit", context.run.run_id, role="auditor") as client:
        verdict = look_through(client, platform.settings)
    return result(outcome(verdict), asset=KEY, check="audit_is_whole")


def outcome(verdict: Verdict) -> Outcome:
    """What the verdict says, for the graph."""
    numbers: dict[str, int | str] = {
        "rows": verdict.rows,
        "problems": verdict.problem_count,
        "head": f"{verdict.head.sequence}:{verdict.head.hash}",
    }
    if verdict.is_whole:
        return passed(f"{verdict.rows} rows are as they were sealed", **numbers)
    return failed("The audit was changed", verdict.problems, REMEDY, **numbers)


seal_audit = dg.define_asset_job(
    "seal_audit",
    selection=dg.AssetSelection.assets(KEY),
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Bring the audit up to date and look through its chain.",
)

daily_audit = dg.ScheduleDefinition(
    name="daily_audit",
    job=seal_audit,
    cron_schedule=CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    owners=OWNERS,
    description="At 00:10 UTC: the acts of the day are sealed, and nobody changed those before.",
)
