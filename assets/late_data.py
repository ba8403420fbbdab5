"""The late-data sensor: it asks for exactly the closed days whose arrivals differ from those of their last build."""

from datetime import UTC, date, datetime

import dagster as dg

from assets.conventions import OWNERS
from assets.jobs import rebuild_days
from assets.partitions import range_tags
from gxy_analytics.resources import Platform
from gxy_analytics.warehouse.day_builds import StaleDay, stale_days
from gxy_analytics.warehouse.partitions import Window, contiguous, last_closed_day

INTERVAL_SECONDS = 300
"""A tick reads the quarter-hour counts of the built days and no event, so it may run often; a rebuild takes longer than this."""


def run_key(window: Window, stale: list[StaleDay], last: date) -> str:
    """The same late rows are asked for once. When `last`, the last closed day, moves on, those of a failed rebuild are again."""
    arrived = ",".join(str(day.arrived) for day in stale if window.first <= day.day <= window.last)
    return f"late:{window.first}:{window.last}:{arrived}:{last}"


@dg.sensor(
    job=rebuild_days,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    owners=OWNERS,
    description="Asks for exactly the closed days that received rows since they were built: one run for each stretch of days.",
)
def late_data(platform: Platform) -> dg.SensorResult | dg.SkipReason:
    """Compare arrivals with those of the last builds. Days never built are the schedule's or a person's."""
    last = last_closed_day(datetime.now(UTC))
    with platform.clickhouse("late_data") as client:
        stale = stale_days(client, last)
    if not stale:
        return dg.SkipReason(f"No built day up to {last} received rows since it was built.")
    windows = contiguous(day.day for day in stale)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=run_key(window, stale, last), tags=range_tags(window)) for window in windows]
    )
