"""When a period is over: whole local days of the tenant, months by the calendar. Pure: nothing is read here.

What was chosen as a period belongs to `rules` and `periods`.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Period:
    """So many calendar months and then so many days."""

    months: int = 0
    days: int = 0

    def __str__(self) -> str:
        parts = [f"{self.months} months"] * bool(self.months) + [f"{self.days} days"] * bool(self.days or not self.months)
        return " and ".join(parts)


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months ago, or the month's last where it has no such day: 31 March - 1 = 28 February."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def first_kept_day(now: datetime, zone: str, period: Period) -> date:
    """The oldest local day whose rows are kept at `now` (an aware instant): the period ago, as the tenant's calendar has it.

    A row is never deleted before the period is over, and at most three days later (a month that ends early).
    """
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    return months_before(today, period.months) - timedelta(days=period.days)


def beginning(day: date, zone: str) -> datetime:
    """The UTC instant at which the day begins there."""
    return datetime.combine(day, time(), ZoneInfo(zone or "UTC")).astimezone(UTC)


def longest_days(period: Period) -> int:
    """The most days that the period can have: for comparing periods of months with periods of days."""
    return period.months // 12 * 366 + period.months % 12 * 31 + period.days


def fewest_days(period: Period) -> int:
    """The least days that the period can have."""
    return period.months // 12 * 365 + period.months % 12 * 28 + period.days
