"""How a day is swapped in: what a failure, a crash or a changed model leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from dbt_world import DbtWorld, dbt_world, messages

ORDERS = ["tenant_id", "order_id", "status", "currency", "subtotal", "placed_at", "extracted_at"]
ONE_DAY = ("2026-05-01", "2026-05-02")
ORDER_MODELS = (
    "run",
    "--select",
    "stg_governance__tenant_timezones",
    "stg_shop__orders",
    "stg_shop__order_items",
    "fct_order_items",
    "fct_orders",
)


def order(order_id: int, placed_at: datetime, subtotal: str = "10.00", version: int = 1) -> list[object]:
    return ["acme", order_id, "paid", "EUR", Decimal(subtotal), placed_at, datetime(2026, 6, version, tzinfo=UTC)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    """One order on the 1st and one on the 2nd of May, built."""
    with dbt_world(tmp_path_factory.mktemp("swap")) as world:
        placed = [order(day, datetime(2026, 5, day, 12, tzinfo=UTC)) for day in (1, 2)]
        world.insert("oltp_orders", ORDERS, placed)
        world.build(what=ORDER_MODELS)
        yield world


def subtotals(world: DbtWorld) -> list[tuple[object, ...]]:
    return world.rows("select toString(local_date), gross_sales from marts.fct_orders order by 1")


BUILT = [("2026-05-01", Decimal("10.0000")), ("2026-05-02", Decimal("10.0000"))]


def test_a_failure_leaves_the_table_whole_and_nothing_aside(world: DbtWorld) -> None:
    """The lines of the 1st overflow a Decimal: their model fails, and the day stays as it was built."""
    world.insert(
        "oltp_order_items",
        ["tenant_id", "order_item_id", "order_id", "quantity", "unit_price", "placed_at", "extracted_at"],
        [
            [
                "acme",
                1,
                1,
                2**60,
                Decimal("99999999999.99"),
                datetime(2026, 5, 1, 12, tzinfo=UTC),
                datetime(2026, 6, 1, tzinfo=UTC),
            ]
        ],
    )
    failed = world.dbt(*ORDER_MODELS, first=ONE_DAY[0], after=ONE_DAY[1])
    assert not failed.success
    assert "fct_order_items" in messages(failed)
    assert subtotals(world) == BUILT
    assert world.aside_tables() == []
    world.client.command("truncate table raw.oltp_order_items")


def test_what_a_crash_left_aside_is_not_built_into_the_day(world: DbtWorld) -> None:
    world.client.command("create table staging.__aside__marts__fct_orders as marts.fct_orders")
    world.client.command("insert into staging.__aside__marts__fct_orders select * from marts.fct_orders")
    world.build(*ONE_DAY, what=ORDER_MODELS)
    assert subtotals(world) == BUILT
    assert world.aside_tables() == []


def test_a_changed_model_is_an_error_that_names_the_columns_and_the_remedy(world: DbtWorld) -> None:
    world.client.command("alter table marts.fct_orders add column forgotten UInt8")
    refused = world.dbt(*ORDER_MODELS, first=ONE_DAY[0], after=ONE_DAY[1])
    assert "-forgotten UInt8" in messages(refused)
    assert "--full-refresh" in messages(refused)

    narrow = world.dbt(*ORDER_MODELS, "--full-refresh", first=ONE_DAY[0], after=ONE_DAY[1])
    assert "would lose the day 20260502" in messages(narrow)
    assert subtotals(world) == BUILT

    world.build(what=(*ORDER_MODELS, "--full-refresh"))
    assert subtotals(world) == BUILT
    assert world.rows("select count() from system.columns where name = 'forgotten' and database = 'marts'") == [(0,)]
    assert world.aside_tables() == []


def test_an_order_of_the_first_day_there_is_hides_no_other(world: DbtWorld) -> None:
    """A date without a value is often 1970-01-01, which extraction refuses now: one day earlier is 2149, where no order is."""
    world.insert("oltp_orders", ORDERS, [order(2 + day, datetime(1970, 1, day, tzinfo=UTC)) for day in (1, 2)])
    world.build(what=ORDER_MODELS)
    assert subtotals(world) == [("1970-01-02", Decimal("10.0000")), *BUILT]
    world.client.command("delete from raw.oltp_orders where order_id > 2")
    world.build(what=ORDER_MODELS)
    assert subtotals(world) == BUILT


def test_a_window_of_many_hundred_days_is_one_run(world: DbtWorld) -> None:
    far = order(3, datetime(2024, 1, 1, 12, tzinfo=UTC))
    world.insert("oltp_orders", ORDERS, [far])
    world.build(what=ORDER_MODELS)
    assert subtotals(world) == [("2024-01-01", Decimal("10.0000")), *BUILT]
    world.insert("oltp_orders", [*ORDERS, "is_deleted"], [[*order(3, datetime(2024, 1, 1, 12, tzinfo=UTC), version=2), True]])
    world.build("2024-01-01", "2026-06-01", what=ORDER_MODELS)
    assert subtotals(world) == BUILT
