"""A build whose server starts again in the middle, as for a login that closes: every day is whole, and a second build right."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import monotonic, sleep

import pytest
from dbt_world import BY_DAY, EVERYTHING, DbtWorld, dbt_world
from test_dbt_rebuilds import DAYS, ZONES, Shops

from gxy_analytics.warehouse.client import connect

WINDOW = ("2026-03-25", "2026-04-10")  # visits begin on the evening before, refunds come days later
BUILDING = "select count() from system.processes where query ilike '%insert into%aside%' and is_initial_query"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    """Five days of three shops, built; then more came in for each day."""
    with dbt_world(tmp_path_factory.mktemp("restart")) as world:
        zones = [[tenant, zone, datetime(1970, 1, 1, tzinfo=UTC)] for tenant, zone in ZONES.items()]
        world.insert("tenant_timezones", ["tenant_id", "timezone", "valid_from"], zones)
        shops = Shops(world, seed=7)
        shops.visits(DAYS, 60)
        shops.sell(DAYS, 40)
        world.build(what=EVERYTHING)
        yield world


@pytest.mark.slow
def test_a_build_whose_server_restarts_in_the_middle_fails_leaves_every_day_whole_and_is_right_the_second_time(
    world: DbtWorld,
) -> None:
    yesterday = world.checksums()
    shops = Shops(world, seed=8)
    shops.orders = [("berlin", number, datetime.now(UTC)) for number in range(1000)]  # ids of its own
    shops.visits(DAYS, 30)
    shops.sell(DAYS, 20)
    with ThreadPoolExecutor() as pool:
        building = pool.submit(world.dbt, *BY_DAY, first=WINDOW[0], after=WINDOW[1])
        end_in_the_middle(world)
        assert not building.result(120).success
    broken = world.checksums()
    world.build(*WINDOW)
    second = world.checksums()
    assert second != yesterday
    assert broken != second, "the server was ended after the last table"
    torn = {day for day, found in broken.items() if found not in (yesterday.get(day), second.get(day))}
    assert torn == set(), "a day is yesterday's or today's, never part of one"
    assert set(yesterday) <= set(broken)
    assert world.aside_tables() == []
    world.drop_built()
    world.build(what=EVERYTHING)
    assert world.checksums() == second


def end_in_the_middle(world: DbtWorld) -> None:
    """End the server in order while a table is being built, and start it again."""
    deadline = monotonic() + 60
    with connect(world.server.url, purpose="test") as client:
        while not client.query(BUILDING).first_row[0] and monotonic() < deadline:
            sleep(0.005)
    world.server.stop()
    world.server.start()
