"""The late-data sensor asks for exactly the closed days that got rows since they were built, one run for each stretch of days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from clickhouse_connect.driver.client import Client

from assets.late_data import late_data, run_key
from assets.partitions import RANGE_END_TAG, RANGE_START_TAG
from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.day_builds import StaleDay, arrived_by_day, record_builds
from gxy_analytics.warehouse.partitions import Window, last_closed_day

BUILT = Window(date(2026, 3, 1), date(2026, 3, 9))


def ask(settings: Settings) -> list[tuple[str, str]]:
    """The ranges that one evaluation of the sensor asks for."""
    with dg.build_sensor_context(resources={"platform": Platform.of(settings)}) as context:
        tick = late_data(context)
    if isinstance(tick, dg.SkipReason):
        return []
    return [(request.tags[RANGE_START_TAG], request.tags[RANGE_END_TAG]) for request in tick.run_requests]


def event(client: Client, tenant: str, at: datetime) -> None:
    client.insert("events", [[tenant, str(at), at]], column_names=["tenant_id", "client_event_id", "event_time"], database="raw")


@pytest.fixture
def built(clickhouse: Client) -> Client:
    """Shops in Auckland (UTC+13) and Los Angeles (UTC-8), nine built days."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    zones = [["kiwi", "Pacific/Auckland", epoch], ["surf", "America/Los_Angeles", epoch]]
    clickhouse.insert("tenant_timezones", zones, column_names=["tenant_id", "timezone", "valid_from"], database="governance")
    for day in range(1, 10):
        event(clickhouse, "kiwi", datetime(2026, 3, day, 3, tzinfo=UTC))
    record_builds(clickhouse, arrived_by_day(clickhouse, BUILT), "first build")
    return clickhouse


def test_nothing_late_asks_for_nothing(built: Client, settings: Settings) -> None:
    assert ask(settings) == []


def test_one_instant_is_late_for_another_day_in_each_zone(built: Client, settings: Settings) -> None:
    instant = datetime(2026, 3, 4, 12, tzinfo=UTC)  # 5 March in Auckland, 4 March in Los Angeles
    event(built, "kiwi", instant)
    assert ask(settings) == [("2026-03-05", "2026-03-05")]
    event(built, "surf", instant)
    assert ask(settings) == [("2026-03-04", "2026-03-05")]


def test_each_stretch_of_late_days_is_one_run(built: Client, settings: Settings) -> None:
    for day in (2, 3, 7):
        event(built, "surf", datetime(2026, 3, day, 20, tzinfo=UTC))
    assert ask(settings) == [("2026-03-02", "2026-03-03"), ("2026-03-07", "2026-03-07")]


def test_a_rebuilt_day_is_not_asked_for_again(built: Client, settings: Settings) -> None:
    event(built, "surf", datetime(2026, 3, 2, 20, tzinfo=UTC))
    assert ask(settings) == [("2026-03-02", "2026-03-02")]
    record_builds(built, arrived_by_day(built, Window(date(2026, 3, 2), date(2026, 3, 2))), "second build")
    assert ask(settings) == []


def test_the_same_late_rows_have_the_same_run_key_and_more_rows_another(built: Client, settings: Settings) -> None:
    def keys() -> list[str | None]:
        with dg.build_sensor_context(resources={"platform": Platform.of(settings)}) as context:
            return [request.run_key for request in late_data(context).run_requests]

    event(built, "surf", datetime(2026, 3, 2, 20, tzinfo=UTC))
    first = keys()
    assert keys() == first
    event(built, "surf", datetime(2026, 3, 2, 21, tzinfo=UTC))
    assert keys() != first


def test_a_rebuild_that_failed_is_asked_for_again_when_the_next_day_has_closed() -> None:
    window, stale = Window(date(2026, 3, 2), date(2026, 3, 2)), [StaleDay(date(2026, 3, 2), built_with=1, arrived=2)]
    assert run_key(window, stale, date(2026, 3, 5)) == run_key(window, stale, date(2026, 3, 5))
    assert run_key(window, stale, date(2026, 3, 5)) != run_key(window, stale, date(2026, 3, 6))


def test_a_day_that_some_zone_has_not_ended_waits(built: Client, settings: Settings) -> None:
    open_day = last_closed_day(datetime.now(UTC)) + timedelta(days=1)
    record_builds(built, {open_day: 0}, "built by hand while it was open")
    event(built, "kiwi", datetime(open_day.year, open_day.month, open_day.day, tzinfo=UTC))
    assert ask(settings) == []


def test_without_clickhouse_the_tick_fails_with_the_remedy(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"clickhouse_url": "http://gxy:x@127.0.0.1:9"})
    with pytest.raises(SourceUnreachableError, match="gxy up"):
        ask(nowhere)
