"""Checks that compare numbers across the platform: marts with the backend, raw with the ledger, staging with raw."""

from datetime import UTC, datetime

import dagster as dg

from assets.checks.results import result
from assets.partitions import window_of
from assets.retries import retried
from gxy_analytics.quality.freshness import check_newest_day
from gxy_analytics.quality.ledger import check_balance, check_raw_events, check_session_events, check_staged_events
from gxy_analytics.quality.reconciliation import outcome, reconcile
from gxy_analytics.quality.windows import newest_built
from gxy_analytics.resources import Platform
from gxy_analytics.settings import require

EVENTS = ["raw", "events"]
STAGED = ["staging", "stg_web__events"]
SESSIONS = ["marts", "fct_sessions"]
SALES = ["marts", "sales_daily"]

DAYS_WITHOUT_A_RUN = 7
"""A check that is started by itself names no days: it looks at this many of the newest ones that were built."""

KEY_MARTS = {
    "sales_daily": ("oltp_orders", "oltp_refunds"),
    "fct_orders": ("oltp_orders",),
    "fct_sessions": ("events",),
    "funnel_daily": ("events",),
}
"""Marts that people read first, and the tables of raw whose arrivals give them days."""


@dg.asset_check(asset=EVENTS, description="accepted = inserted + deduplicated + rejected + dropped, for every tenant and batch.")
def ledger_balances(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    """The loader accounts for every event."""
    with retried(), platform.clickhouse("check the ledger", context.run.run_id) as client:
        return result(check_balance(client), asset=EVENTS, check="ledger_balances")


@dg.asset_check(asset=EVENTS, description="raw.events holds exactly the events that the ledger says were inserted, per tenant.")
def events_equal_ledger(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    """Nothing was lost or doubled between the spool and raw."""
    with retried(), platform.clickhouse("check raw.events", context.run.run_id) as client:
        return result(check_raw_events(client), asset=EVENTS, check="events_equal_ledger")


@dg.asset_check(asset=STAGED, description="Every event that arrived for the run's days is staged once, per tenant.")
def events_equal_raw(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    """Events in staging = accepted - deduplicated - rejected - dropped, with the two checks on raw.events."""
    with retried(), platform.clickhouse("check staged events", context.run.run_id) as client:
        window = window_of(context.run.tags) or newest_built(client, DAYS_WITHOUT_A_RUN)
        return result(check_staged_events(client, window), asset=STAGED, check="events_equal_raw")


@dg.asset_check(asset=SESSIONS, description="Every staged event is in exactly one session, per tenant, over all days.")
def events_equal_staged(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    """Events in the marts = those in staging: the last step from accepted to marts."""
    with retried(), platform.clickhouse("check the events of sessions", context.run.run_id) as client:
        return result(check_session_events(client), asset=SESSIONS, check="events_equal_staged")


@dg.asset_check(
    asset=SALES,
    description="Orders, units, gross, discounts, returns and net of the run's days equal the backend's to the cent, per tenant "
    "and day, computed from the backend by other code. Both sides are in governance.reconciliation.",
)
def equals_backend(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    """The promise: the numbers reconcile."""
    oltp_url = require(platform.settings.oltp_url, "OLTP_URL")
    with platform.clickhouse("reconcile", context.run.run_id) as client:
        window = window_of(context.run.tags) or newest_built(client, DAYS_WITHOUT_A_RUN)
        compared = reconcile(client, oltp_url, window)
    return result(outcome(compared, window), asset=SALES, check="equals_backend")


def newest_day(table: str, sources: tuple[str, ...]) -> dg.AssetChecksDefinition:
    """The freshness check of one mart, by the data in it. A warning: what is there is right, but not all of it."""
    asset = ["marts", table]

    @dg.asset_check(
        asset=asset,
        name="newest_day",
        description="The newest closed day for which rows arrived is built: freshness by data, not by runs.",
    )
    def check(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
        with retried(), platform.clickhouse(f"check the newest day of marts.{table}", context.run.run_id) as client:
            found = check_newest_day(client, "marts", table, sources, datetime.now(UTC))
        return result(found, asset=asset, check="newest_day", severity=dg.AssetCheckSeverity.WARN)

    return check


newest_days = [newest_day(table, sources) for table, sources in KEY_MARTS.items()]
