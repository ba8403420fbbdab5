"""Whether anything is kept for longer than its period. Deleting it belongs to `apply`."""

from __future__ import annotations

from datetime import datetime, timedelta

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.retention.plan import plan
from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.settings import Settings

GRACE = timedelta(days=1)
"""The job runs once a day: what passed its period since the last run is not overdue yet."""

REMEDY = "See why the daily job did not run (`retention` in the graph), or run `gxy retention apply`."


def check_overdue(client: Client, settings: Settings, now: datetime) -> Outcome:
    """Whether nothing was over a day before `now` and is still there, but for what is held."""
    plans = plan(client, settings, now - GRACE)
    held = sum(one.held for one in plans)
    late = [f"{one.rule.name}: {one.rows} rows of {len({o.tenant_id for o in one.going})} tenants" for one in plans if one.rows]
    if late:
        return failed("Rows are kept for longer than their period", late, REMEDY, rows=sum(one.rows for one in plans), held=held)
    return passed(f"nothing is older than its period, but {held} rows under a legal hold", rules=len(plans), held=held)
