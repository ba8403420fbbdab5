"""A tenant that changes its zone at any instant: a row is staged on the day on which its arrival is counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from dbt_world import DbtWorld, dbt_world

from gxy_analytics.quality.ledger import PACKAGE, check_staged_events
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window

MOVED = datetime(2026, 3, 4, 12, 7, 30, tzinfo=UTC)
"""From Auckland (UTC+13 in March) to Honolulu (UTC-10), in the middle of a quarter of an hour."""
DAYS = Window(date(2026, 3, 4), date(2026, 3, 5))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    with dbt_world(tmp_path_factory.mktemp("zones")) as world:
        zones = [["kiwi", "Pacific/Auckland", datetime(1970, 1, 1, tzinfo=UTC)], ["kiwi", "Pacific/Honolulu", MOVED]]
        world.insert("tenant_timezones", ["tenant_id", "timezone", "valid_from"], zones)
        times = [MOVED + timedelta(minutes=minutes) for minutes in (-1, 1, 7, 8)]
        events = [["kiwi", f"00000000-0000-0000-0000-{n:012}", "v", "page_viewed", at] for n, at in enumerate(times)]
        world.insert("events", ["tenant_id", "event_id", "anonymous_id", "name", "event_time"], events)
        yield world


def test_every_event_is_staged_on_the_day_its_arrival_is_counted_on(world: DbtWorld) -> None:
    world.build("2026-03-01", "2026-03-07", what=("run", "--select", "+stg_web__events"))
    for day in (DAYS.first, DAYS.last):
        found = check_staged_events(world.client, Window(day, day))
        assert found.passed, found.description
    staged = world.rows("select local_date, count() from staging.stg_web__events group by 1 order by 1")
    assert staged == [(date(2026, 3, 4), 1), (date(2026, 3, 5), 3)]


def test_the_comparison_with_the_backend_has_the_zones_of_the_models(world: DbtWorld) -> None:
    world.build("2026-03-01", "2026-03-07", what=("run", "--select", "stg_governance__tenant_timezones"))
    columns = "select tenant_id, timezone, valid_from from staging.stg_governance__tenant_timezones order by 3"
    zones = pl.DataFrame(world.client.query_arrow(read_sql(PACKAGE, "zones.sql")))
    compared = [(tenant, zone, at.replace(tzinfo=UTC)) for tenant, zone, at in zones.rows()]
    assert compared == [(tenant, zone, at.replace(tzinfo=UTC)) for tenant, zone, at in world.rows(columns)]
    assert compared[-1][-1] == datetime(2026, 3, 4, 12, 15, tzinfo=UTC)
