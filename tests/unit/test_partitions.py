"""Days and windows: what dbt is told, when a day is closed, which runs a set of days needs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from gxy_analytics.warehouse.partitions import Window, contiguous, last_closed_day, window_vars


def test_dbt_is_told_the_first_day_and_the_day_after_the_last() -> None:
    assert window_vars(Window(date(2026, 2, 27), date(2026, 2, 28))) == {"min_date": "2026-02-27", "max_date": "2026-03-01"}


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends on or after"):
        Window(date(2026, 1, 2), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        (datetime(2026, 1, 2, 11, 59, 59, tzinfo=UTC), date(2025, 12, 31)),
        (datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 1, 3, 1, 0, tzinfo=timezone(timedelta(hours=13))), date(2026, 1, 1)),
    ],
)
def test_a_day_is_closed_when_utc_minus_12_has_ended_it(now: datetime, closed: date) -> None:
    assert last_closed_day(now) == closed


def test_the_instants_of_a_window_reach_from_the_first_zone_to_the_last() -> None:
    window = Window(date(2026, 1, 2), date(2026, 1, 3))
    assert window.earliest_instant == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert window.latest_instant == datetime(2026, 1, 4, 12, tzinfo=UTC)


def test_days_become_the_fewest_windows_that_hold_exactly_them() -> None:
    days = [date(2026, 1, 3), date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5), date(2026, 1, 5)]
    assert contiguous(days) == [Window(date(2026, 1, 1), date(2026, 1, 3)), Window(date(2026, 1, 5), date(2026, 1, 5))]
    assert contiguous([]) == []
