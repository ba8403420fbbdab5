"""Days as the warehouse counts them: windows of local days, the vars dbt takes for one, and when a day is closed.

A partition is a calendar day in the tenant's own zone. Which days need a build belongs to `day_builds`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

FIRST_DAY = date(2009, 1, 1)
"""First day of every daily table: before the oldest orders that are loaded anywhere (a UK shop's, December 2009)."""

WESTMOST_OFFSET = timedelta(hours=12)
"""UTC-12: the last zone to end a day, twelve hours after UTC does."""

EASTMOST_OFFSET = timedelta(hours=14)
"""UTC+14: the first zone to begin a day, fourteen hours before UTC does."""

DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Window:
    """Whole local days from `first` to `last`, both inclusive."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a window ends on or after its first day, not {self.first} to {self.last}")

    @property
    def end(self) -> date:
        """The day after the last one."""
        return self.last + DAY

    @property
    def earliest_instant(self) -> datetime:
        """The UTC instant at which the first day begins in the eastmost zone."""
        return datetime.combine(self.first, time(), UTC) - EASTMOST_OFFSET

    @property
    def latest_instant(self) -> datetime:
        """The UTC instant at which the last day has ended in the westmost zone."""
        return datetime.combine(self.end, time(), UTC) + WESTMOST_OFFSET

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def window_vars(window: Window) -> dict[str, str]:
    """The dbt vars that build exactly the days of `window`: ISO dates, `max_date` exclusive."""
    return {"min_date": window.first.isoformat(), "max_date": window.end.isoformat()}


def last_closed_day(now: datetime) -> date:
    """The newest day that every time zone has ended at `now` (an aware instant): UTC-12 ends it at 12:00 UTC of the next day."""
    return (now.astimezone(UTC) - WESTMOST_OFFSET).date() - DAY


def contiguous(days: Iterable[date]) -> list[Window]:
    """The fewest windows that hold exactly `days`, in order."""
    windows: list[Window] = []
    for day in sorted(set(days)):
        if windows and windows[-1].end == day:
            windows[-1] = Window(windows[-1].first, day)
        else:
            windows.append(Window(day, day))
    return windows
