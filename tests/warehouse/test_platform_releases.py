"""Releases: a week is shown once, and two releases show nothing of the tenant that left between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from dbt_world import DbtWorld, dbt_world, messages
from platform_world import Line, build_days, catalogue, is_safe, monday, release, sell, shown, try_release

SELLS = {
    "books": ["t1", "t2", "t3", "t4", "t5", "t6", "leaver"],
    "shoes": ["t1", "t2", "t3", "t4", "t5", "t6"],
    "games": ["t1", "t2", "t3", "t4", "leaver"],  # four without the one that leaves
    "toys": ["t1", "t2", "t3", "t4", "t5", "leaver"],
    "fossils": ["leaver"],
}
CATEGORIES = list(SELLS)
TENANTS = SELLS["books"]
WEEKS = [date(2026, 1, 5) + timedelta(weeks=n) for n in range(6)]
LAST_BEFORE, FIRST_AFTER = WEEKS[4], WEEKS[5]
RELEASE_BEFORE = LAST_BEFORE + timedelta(days=14)
RELEASE_AFTER = FIRST_AFTER + timedelta(days=14)


def week_of(week: date) -> list[Line]:
    """Six customers of every tenant buy in each of its categories; amounts differ by tenant, week and category."""
    return [
        Line(tenant, week + timedelta(days=customer), category, f"c{customer}", 1 + (number + customer) % 4, 10 + 3 * number)
        for category, tenants in SELLS.items()
        for number, tenant in enumerate(tenants, week.day % 3)
        for customer in range(6)
    ]


LINES = [line for week in WEEKS for line in week_of(week)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    with dbt_world(tmp_path_factory.mktemp("releases")) as world:
        world.build(what=("run", "--select", "+fct_order_items", "dim_products", "+stg_shop__products", "+stg_shop__categories"))
        world.build(what=("seed",))
        yield world


@pytest.fixture
def world(server: DbtWorld) -> DbtWorld:
    """Six weeks of seven tenants, nothing released yet."""
    for table in ("category_weeks", "category_trends"):
        server.client.command(f"drop table if exists platform.{table} sync")
    for table in ("marts.fct_order_items", "marts.dim_products", "governance.day_builds", "governance.platform_releases"):
        server.client.command(f"truncate table {table}")
    catalogue(server, TENANTS, CATEGORIES)
    sell(server, LINES, CATEGORIES)
    return server


def leave(world: DbtWorld) -> None:
    """The tenant's rows are gone from the marts, as removal leaves them."""
    for table in ("fct_order_items", "dim_products"):
        world.client.command(f"delete from marts.{table} where tenant_id = 'leaver'")


def test_two_releases_do_not_show_the_tenant_that_left_between_them(world: DbtWorld) -> None:
    release(world, RELEASE_BEFORE)
    before = {table: shown(world, table) for table in ("category_weeks", "category_trends")}
    leave(world)
    release(world, RELEASE_AFTER)
    after = {table: shown(world, table) for table in before}

    for table, cells in before.items():
        assert {key: row for key, row in after[table].items() if key[0] <= LAST_BEFORE} == cells
    stayed = [line for line in LINES if monday(line.day) < FIRST_AFTER or line.tenant != "leaver"]
    for week in WEEKS:
        visible = [name for name in CATEGORIES if (week, name) in after["category_weeks"]]
        of_week = [line for line in stayed if monday(line.day) == week]
        rest = [line for line in of_week if line.category not in visible]
        assert not rest or is_safe(rest), f"{week}: the total less {visible} is a few tenants' number"
        assert all(is_safe([line for line in of_week if line.category == name]) for name in visible)
    assert {name for week, name in after["category_weeks"] if week == LAST_BEFORE} == {"", "books", "shoes", "toys"}
    last, first = after["category_weeks"][LAST_BEFORE, ""], after["category_weeks"][FIRST_AFTER, ""]
    assert (last["tenants"], last["suppressed_categories"]) == (first["tenants"], first["suppressed_categories"])


def test_growth_after_a_tenant_left_is_over_what_was_shown_before(world: DbtWorld) -> None:
    """Over the exact numbers without the tenant, growth would tell the others' part of a week already shown."""
    release(world, RELEASE_BEFORE)
    leave(world)
    release(world, RELEASE_AFTER)
    cells, trends = shown(world, "category_weeks"), shown(world, "category_trends")
    books = [cells[week, "books"]["orders"] for week in WEEKS]
    assert books == [40, 40, 40, 40, 40, 35]  # of 42, and 36 without the tenant's six
    assert float(trends[FIRST_AFTER, "books"]["orders_growth"]) == round(35 / 40 - 1, 2)


def test_a_week_is_not_shown_before_its_day(world: DbtWorld) -> None:
    release(world, WEEKS[0] + timedelta(days=13))
    assert shown(world, "category_weeks") == {}
    release(world, WEEKS[0] + timedelta(days=14))
    assert {week for week, _ in shown(world, "category_weeks")} == {WEEKS[0]}


def test_a_week_is_not_shown_before_its_seven_days_are_built(world: DbtWorld) -> None:
    world.client.command("truncate table governance.day_builds")
    build_days(world, [WEEKS[0] + timedelta(days=n) for n in range(6)])
    release(world, RELEASE_AFTER)
    assert shown(world, "category_weeks") == {}
    build_days(world, [WEEKS[0] + timedelta(days=6)])
    release(world, RELEASE_AFTER)
    assert {week for week, _ in shown(world, "category_weeks")} == {WEEKS[0]}


def test_a_released_week_never_changes_whatever_arrives_late(world: DbtWorld) -> None:
    release(world, RELEASE_BEFORE)
    before, recorded = shown(world, "category_weeks"), world.rows("select * from governance.platform_releases order by period")
    assert [row[1] for row in recorded] == WEEKS[:5]
    sell(world, week_of(WEEKS[2]), CATEGORIES, first_order=10_000)
    release(world, RELEASE_BEFORE)
    release(world, RELEASE_BEFORE, "--full-refresh")
    assert shown(world, "category_weeks") == before
    assert world.rows("select * from governance.platform_releases order by period") == recorded


def test_a_lost_table_comes_back_as_it_was_shown_or_not_at_all(world: DbtWorld) -> None:
    release(world, RELEASE_BEFORE)
    before = shown(world, "category_weeks")
    world.client.command("drop table platform.category_weeks sync")
    release(world, RELEASE_BEFORE)
    assert shown(world, "category_weeks") == before

    world.client.command("drop table platform.category_weeks sync")
    leave(world)
    refused = try_release(world, RELEASE_AFTER)
    assert not refused.success and "restore the table from a backup" in messages(refused)
    assert world.rows("select name from system.tables where database = 'platform' and name = 'category_weeks'") == []
