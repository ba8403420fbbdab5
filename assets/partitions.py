"""The one partitions definition: local days. Nothing else in the graph defines time.

A partition is a calendar day in each tenant's own zone, so it has no instant at which it begins for all. UTC days carry its name.
`end_offset=2` makes the partition of a day exist as soon as it has begun somewhere (UTC+14 begins it 14 hours before UTC), so
that today can be built by hand. A day is *closed* when UTC-12 has ended it, at 12:00 UTC of the next day: only closed days are
built by the schedule and the late-data sensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import dagster as dg

from gxy_analytics.errors import GxyError
from gxy_analytics.warehouse.partitions import FIRST_DAY, Window

daily = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC", end_offset=2)

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


class MissingWindowError(GxyError):
    """A daily asset was asked for without days."""


def range_tags(window: Window) -> dict[str, str]:
    """The run tags that make one run build every day of `window`."""
    return {RANGE_START_TAG: window.first.isoformat(), RANGE_END_TAG: window.last.isoformat()}


def window_of(tags: Mapping[str, str]) -> Window | None:
    """The days that a run with these tags is for; None when it is for no day."""
    first = tags.get(RANGE_START_TAG) or tags.get(PARTITION_TAG)
    last = tags.get(RANGE_END_TAG) or tags.get(PARTITION_TAG)
    if not first or not last:
        return None
    return Window(date.fromisoformat(first), date.fromisoformat(last))


def required_window(tags: Mapping[str, str]) -> Window:
    """The days that a run of a daily asset is for. Raises MissingWindowError."""
    window = window_of(tags)
    if window is None:
        raise MissingWindowError(
            "This run names no days: launch it for a partition or a range (`gxy materialize --from DAY --to DAY`)."
        )
    return window
