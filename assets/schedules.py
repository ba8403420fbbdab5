"""The schedules: every closed day is built, and then looked through. Days that need it again belong to `late_data`."""

from collections.abc import Mapping

import dagster as dg

from assets.conventions import OWNERS
from assets.jobs import daily_build, scan_personal_data
from assets.partitions import range_tags
from gxy_analytics.warehouse.partitions import Window, last_closed_day

CRON = "30 12 * * *"
"""UTC-12 ends a day at 12:00 UTC; half an hour lets the loader catch up with what was accepted by then."""

SCAN_CRON = "30 15 * * *"
"""Three hours after the build has begun, which takes minutes."""


@dg.schedule(
    cron_schedule=CRON,
    execution_timezone="UTC",
    job=daily_build,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    owners=OWNERS,
    description="At 12:30 UTC, for the day that has ended in every time zone (UTC-12 is the last to end it, at 12:00 UTC).",
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Ask for the closed day; the key makes a tick that is evaluated twice one run."""
    day = last_closed_day(context.scheduled_execution_time)
    tags: Mapping[str, str] = range_tags(Window(day, day))
    return dg.RunRequest(run_key=f"nightly:{day}", tags=tags)


daily_scan = dg.ScheduleDefinition(
    name="daily_scan",
    job=scan_personal_data,
    cron_schedule=SCAN_CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    owners=OWNERS,
    description="At 15:30 UTC: what was built since yesterday holds no personal data.",
)
