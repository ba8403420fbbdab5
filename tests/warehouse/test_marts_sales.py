"""Twelve orders of three shops in three zones and two currencies over a clock change, with numbers worked out by hand.

The whole of dbt is built over them: models, unit tests and data tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from dbt_world import DbtWorld, dbt_world

ZONES = {"berlin": "Europe/Berlin", "newyork": "America/New_York", "kolkata": "Asia/Kolkata"}
ORDERS = ["tenant_id", "order_id", "placed_at", "currency", "status", "subtotal", "discount_total", "is_deleted"]
LINES = ["tenant_id", "order_item_id", "order_id", "product_id", "quantity", "unit_price", "discount", "placed_at"]
REFUNDS = ["tenant_id", "refund_id", "order_id", "amount", "currency", "quantity", "processed_at"]


def at(text: str) -> datetime:
    """An instant of March 2026, UTC: `29 21:59`."""
    return datetime.strptime(f"2026-03-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


# tenant, order, placed (UTC), currency, status, subtotal, discount of the order, deleted; ids repeat across tenants on purpose
SOLD: list[tuple[Any, ...]] = [
    ("berlin", 1, at("28 22:59"), "EUR", "paid", "25.00", "4.00", False),  # 23:59 on the 28th
    ("berlin", 2, at("28 23:00"), "EUR", "cancelled", "100.00", "0.00", False),  # 00:00 on the 29th, a day of 23 hours
    ("berlin", 3, at("29 21:59"), "EUR", "paid", "59.97", "0.00", False),  # 23:59 on the 29th, in summer time
    ("berlin", 4, at("29 22:00"), "USD", "paid", "7.50", "0.00", False),  # 00:00 on the 30th
    ("berlin", 5, at("29 12:00"), "EUR", "pending", "12.34", "2.34", False),  # without lines
    ("newyork", 1, at("29 03:59"), "USD", "paid", "50.00", "5.00", False),  # 23:59 on the 28th
    ("newyork", 2, at("29 04:00"), "USD", "fulfilled", "40.00", "0.00", False),
    ("newyork", 3, at("30 03:00"), "EUR", "paid", "30.00", "0.00", False),  # 23:00 on the 29th
    ("newyork", 4, at("30 04:30"), "USD", "paid", "1.00", "0.00", True),  # gone from the backend
    ("kolkata", 1, at("28 18:29"), "EUR", "paid", "9.99", "0.00", False),  # 23:59 on the 28th
    ("kolkata", 2, at("28 18:30"), "EUR", "paid", "10.00", "0.00", False),
    ("kolkata", 3, at("29 18:30"), "EUR", "paid", "0.01", "0.00", False),  # 00:00 on the 30th
]
# tenant, line, order, product, quantity, unit price, discount of the line
LINED: list[tuple[Any, ...]] = [
    ("berlin", 1, 1, 7, 2, "10.00", "0.00"),
    ("berlin", 2, 1, 8, 1, "5.00", "1.00"),
    ("berlin", 3, 2, 7, 1, "100.00", "0.00"),
    ("berlin", 4, 3, 9, 3, "19.99", "0.00"),
    ("berlin", 5, 4, 7, 1, "7.50", "0.00"),
    ("newyork", 1, 1, 7, 1, "50.00", "0.00"),
    ("newyork", 2, 2, 7, 2, "20.00", "0.00"),
    ("newyork", 3, 3, 7, 1, "30.00", "0.00"),
    ("newyork", 4, 4, 7, 1, "1.00", "0.00"),
    ("kolkata", 1, 1, 7, 1, "9.99", "0.00"),
    ("kolkata", 2, 2, 7, 4, "2.50", "2.00"),
    ("kolkata", 3, 3, 7, 1, "0.01", "0.00"),
]
RETURNED: list[tuple[Any, ...]] = [
    ("berlin", 1, 1, "10.00", "EUR", 1, at("29 22:30")),  # two days after the order: the 30th
    ("berlin", 2, 2, "100.00", "EUR", 1, at("29 10:00")),  # the cancelled order's money
    ("newyork", 1, 1, "45.00", "USD", 1, at("30 04:00")),  # 00:00 on the 30th, where nothing was sold
    ("kolkata", 1, 1, "9.99", "EUR", 1, at("28 18:29")),
]
# tenant, day, currency: orders, cancelled, units, gross, discounts, returns, net, cancelled sales, average
SALES_DAILY = """
berlin  28 EUR  1 0 3  25.00   4.00 0.00   21.00  0.00   21.0000
berlin  29 EUR  3 1 4  172.31  2.34 100.00 69.97  100.00 56.6567
berlin  30 EUR  0 0 0  0.00    0.00 10.00  -10.00 0.00   -
berlin  30 USD  1 0 1  7.50    0.00 0.00   7.50   0.00   7.5000
kolkata 28 EUR  1 0 1  9.99    0.00 9.99   0.00   0.00   9.9900
kolkata 29 EUR  1 0 4  10.00   2.00 0.00   8.00   0.00   8.0000
kolkata 30 EUR  1 0 1  0.01    0.00 0.00   0.01   0.00   0.0100
newyork 28 USD  1 0 1  50.00   5.00 0.00   45.00  0.00   45.0000
newyork 29 EUR  1 0 1  30.00   0.00 0.00   30.00  0.00   30.0000
newyork 29 USD  1 0 2  40.00   0.00 0.00   40.00  0.00   40.0000
newyork 30 USD  0 0 0  0.00    0.00 45.00  -45.00 0.00   -
"""
# day, currency: orders, tenants, gmv, in euro at 0.9239 for a dollar
GMV_DAILY = """
28 EUR  2 2  30.99   30.9900
28 USD  1 1  45.00   41.5755
29 EUR  4 3  107.97  107.9700
29 USD  1 1  40.00   36.9560
30 EUR  1 1  0.01    0.0100
30 USD  1 1  7.50    6.9293
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    """The orders, lines and refunds in raw, and `dbt build` with every test over them."""
    with dbt_world(tmp_path_factory.mktemp("sales")) as world:
        zones = [[tenant, zone, datetime(1970, 1, 1, tzinfo=UTC)] for tenant, zone in ZONES.items()]
        world.insert("tenant_timezones", ["tenant_id", "timezone", "valid_from"], zones)
        placed = {(tenant, order): instant for tenant, order, instant, *_ in SOLD}
        world.insert("oltp_orders", ORDERS, [[*row[:5], Decimal(row[5]), Decimal(row[6]), row[7]] for row in SOLD])
        lines = [[*row[:5], Decimal(row[5]), Decimal(row[6]), placed[row[0], row[2]]] for row in LINED]
        world.insert("oltp_order_items", LINES, lines)
        world.insert("oltp_refunds", REFUNDS, [[*row[:3], Decimal(row[3]), *row[4:]] for row in RETURNED])
        world.build(what=("build",))
        yield world


def numbers(text: str) -> Decimal | None:
    return None if text == "-" else Decimal(text)


def test_sales_of_every_day_are_as_worked_out_by_hand(world: DbtWorld) -> None:
    wanted = [
        (tenant, date(2026, 3, int(day)), currency, *map(numbers, values))
        for tenant, day, currency, *values in map(str.split, SALES_DAILY.strip().splitlines())
    ]
    built = world.rows(
        "select tenant_id, local_date, currency, orders, cancelled_orders, units, gross_sales, discounts, returns, net_sales, "
        "cancelled_sales, average_order_value from marts.sales_daily order by 1, 2, 3"
    )
    assert built == wanted


def test_an_orders_discount_is_divided_among_its_lines(world: DbtWorld) -> None:
    """4.00 of discount on 20.00 and 5.00 - 1.00: the line's own 1.00, and 3.00 divided 20 to 4."""
    assert world.rows(
        "select order_item_id, discounts from marts.fct_order_items where tenant_id = 'berlin' and order_id = 1 order by 1"
    ) == [(1, Decimal("2.5")), (2, Decimal("1.5"))]


def test_gmv_is_of_orders_that_are_not_cancelled_at_the_rate_of_the_day(world: DbtWorld) -> None:
    wanted = [
        (date(2026, 3, int(day)), currency, *map(Decimal, values))
        for day, currency, *values in map(str.split, GMV_DAILY.strip().splitlines())
    ]
    assert (
        world.rows("select local_date, currency, orders, tenants, gmv, gmv_reporting from platform.gmv_daily order by 1, 2")
        == wanted
    )


def test_tenants_that_share_ids_never_mix(world: DbtWorld) -> None:
    """Order 1 exists three times; each has its own lines and sums."""
    assert world.rows("select tenant_id, lines, gross_sales from marts.fct_orders where order_id = 1 order by 1") == [
        ("berlin", 2, Decimal("25")),
        ("kolkata", 1, Decimal("9.99")),
        ("newyork", 1, Decimal("50")),
    ]
    assert world.rows("select sum(gross_sales) from marts.fct_orders") == [(Decimal("344.81"),)]


def test_a_deleted_order_is_nowhere(world: DbtWorld) -> None:
    for table in ("fct_orders", "fct_order_items"):
        assert world.rows(f"select count() from marts.{table} where tenant_id = 'newyork' and order_id = 4") == [(0,)]


def test_every_column_is_documented_in_the_warehouse_with_its_declared_type(world: DbtWorld) -> None:
    assert (
        world.rows(
            "select database, table, name from system.columns "
            "where database in ('marts', 'platform') and (comment = '' or position(type, 'Float') > 0)"
        )
        == []
    )
