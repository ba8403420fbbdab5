"""Which days are stale: arrivals by local day, in two zones, against those counted before the last build."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.day_builds import StaleDay, arrived_by_day, record_builds, stale_days
from gxy_analytics.warehouse.partitions import Window

DAYS = Window(date(2026, 3, 1), date(2026, 3, 5))
LATER = date(2026, 12, 31)
NEXT_ID = iter(range(1, 10_000))


def order(client: Client, tenant: str, placed_at: datetime) -> None:
    client.insert(
        "oltp_orders", [[tenant, next(NEXT_ID), placed_at]], column_names=["tenant_id", "order_id", "placed_at"], database="raw"
    )


@pytest.fixture
def zoned(clickhouse: Client) -> Iterator[Client]:
    """Auckland (UTC+13 in March) moves to Honolulu (UTC-10) on 4 March, 12:00 UTC; `plain` has no zone."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [["kiwi", "Pacific/Auckland", epoch], ["kiwi", "Pacific/Honolulu", datetime(2026, 3, 4, 12, tzinfo=UTC)]]
    clickhouse.insert("tenant_timezones", rows, column_names=["tenant_id", "timezone", "valid_from"], database="governance")
    yield clickhouse


def test_rows_are_counted_on_the_local_day_of_their_tenant(zoned: Client) -> None:
    order(zoned, "kiwi", datetime(2026, 3, 1, 11, 0, tzinfo=UTC))
    order(zoned, "plain", datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
    order(zoned, "kiwi", datetime(2026, 2, 28, 10, 59, tzinfo=UTC))  # 23:59 of 28 February in Auckland
    order(zoned, "kiwi", datetime(2026, 2, 28, 11, 0, tzinfo=UTC))  # midnight of 1 March in Auckland
    counted = arrived_by_day(zoned, DAYS)
    assert counted == {date(2026, 3, 1): 2, date(2026, 3, 2): 1, date(2026, 3, 3): 0, date(2026, 3, 4): 0, date(2026, 3, 5): 0}


def test_a_tenant_that_moves_keeps_the_days_it_had(zoned: Client) -> None:
    order(zoned, "kiwi", datetime(2026, 3, 4, 11, 45, tzinfo=UTC))  # 5 March in Auckland
    order(zoned, "kiwi", datetime(2026, 3, 4, 12, 0, tzinfo=UTC))  # 4 March in Honolulu
    counted = arrived_by_day(zoned, Window(date(2026, 3, 4), date(2026, 3, 5)))
    assert counted == {date(2026, 3, 4): 1, date(2026, 3, 5): 1}


def test_a_day_is_stale_exactly_when_its_arrivals_changed_since_its_build(zoned: Client) -> None:
    order(zoned, "kiwi", datetime(2026, 3, 1, 12, tzinfo=UTC))
    record_builds(zoned, arrived_by_day(zoned, DAYS), "run-1")
    assert stale_days(zoned, LATER) == []
    order(zoned, "plain", datetime(2026, 3, 3, 0, 0, tzinfo=UTC))
    assert stale_days(zoned, LATER) == [StaleDay(date(2026, 3, 3), built_with=0, arrived=1)]
    record_builds(zoned, arrived_by_day(zoned, DAYS), "run-2")
    assert stale_days(zoned, LATER) == []


def test_a_row_that_arrives_while_its_day_is_built_makes_it_stale(zoned: Client) -> None:
    before = arrived_by_day(zoned, DAYS)
    order(zoned, "plain", datetime(2026, 3, 2, 8, tzinfo=UTC))  # the build may have read it or not
    record_builds(zoned, before, "run-1")
    assert [stale.day for stale in stale_days(zoned, LATER)] == [date(2026, 3, 2)]


def test_days_never_built_and_days_still_open_are_not_stale(zoned: Client) -> None:
    record_builds(zoned, {date(2026, 3, 2): 0, date(2026, 3, 4): 0}, "run-1")
    for day in range(1, 6):
        order(zoned, "plain", datetime(2026, 3, day, 12, tzinfo=UTC))
    assert [stale.day for stale in stale_days(zoned, date(2026, 3, 3))] == [date(2026, 3, 2)]


def test_the_count_of_a_day_is_the_sum_of_all_tables_that_have_a_business_time(zoned: Client) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    order(zoned, "plain", at)
    zoned.insert(
        "oltp_refunds",
        [["plain", 1, at + timedelta(hours=1)]],
        column_names=["tenant_id", "refund_id", "processed_at"],
        database="raw",
    )
    assert arrived_by_day(zoned, Window(date(2026, 3, 1), date(2026, 3, 1))) == {date(2026, 3, 1): 2}
