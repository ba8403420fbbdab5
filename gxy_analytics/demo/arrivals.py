"""When visitors come: how many on a day, and at which local hour.

Curves are relative weights of the shop's own clock; turning a local second into an instant uses the shop's time zone.
"""

from __future__ import annotations

from datetime import date, datetime, time
from random import Random
from zoneinfo import ZoneInfo

WORKDAY_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 14, 12, 11, 11, 12, 14, 17, 21, 24, 21, 13, 6)
WEEKEND_HOURS = (4, 3, 2, 1, 1, 1, 2, 4, 8, 13, 17, 18, 17, 16, 16, 16, 16, 16, 16, 18, 19, 16, 11, 7)
WEEKDAYS = (1.00, 0.96, 0.97, 0.99, 1.02, 1.12, 1.18)  # Monday first
NOISE = 0.06


def visits_of_day(mean: float, day: date, rng: Random) -> int:
    """How many visits begin on `day` where an average day has `mean`; at least one."""
    return max(1, round(mean * WEEKDAYS[day.weekday()] * rng.gauss(1, NOISE)))


def arrival(day: date, zone: ZoneInfo, rng: Random) -> int:
    """An instant of the local calendar day `day`, epoch milliseconds, drawn by the day's hour curve."""
    hours = WEEKEND_HOURS if day.weekday() >= 5 else WORKDAY_HOURS
    hour = rng.choices(range(24), hours)[0]
    local = datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), zone)
    return int(local.timestamp()) * 1000 + rng.randrange(1000)


def midnight(day: date, zone: ZoneInfo) -> int:
    """Epoch seconds at which `day` begins in `zone`."""
    return int(datetime.combine(day, time(), zone).timestamp())
