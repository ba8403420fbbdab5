"""The simulator's orders in a real PostgreSQL: they add up there too, and writing them twice changes nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from gxy_analytics.demo import backend_rows, backend_tables
from gxy_analytics.demo.account import TenantAccount
from gxy_analytics.demo.backend import Backend
from gxy_analytics.demo.registry import BackendRegistry
from gxy_analytics.demo.shops import SHOPS, Shop
from gxy_analytics.demo.world import Plan, ShopWorld
from tests.conftest import empty_backend

END = date(2026, 1, 20)
TABLES = ("customers", "categories", "products", "coupons", "orders", "order_items", "payments", "shipments", "refunds")


def play(oltp: psycopg.Connection, shop: Shop, plan: Plan) -> TenantAccount:
    """Write every day of `plan` for one shop, as the simulator does."""
    oltp.execute(
        "insert into tenants (slug, name, currency, timezone) values (%s, %s, %s, %s) on conflict do nothing",
        (shop.slug, shop.name, shop.currency, shop.timezone),
    )
    world, account = ShopWorld(plan, shop), TenantAccount(shop.currency)
    registry = BackendRegistry(Backend(oltp), world.catalogue)
    for day in world.days():
        registry.record(day)
        for order in day.orders:
            account.add_order(order, world.zone)
    return account


def rows(oltp: psycopg.Connection) -> dict[str, list[tuple]]:
    return {table: oltp.execute(f"select * from {table} order by id").fetchall() for table in TABLES}


@pytest.mark.parametrize("shop", [SHOPS[0], SHOPS[3]], ids=["EUR", "JPY"])
def test_every_order_adds_up_in_the_database(oltp: psycopg.Connection, shop: Shop) -> None:
    account = play(oltp, shop, Plan(end=END, days=9, events_per_day=3_000))
    [(orders, wrong)] = oltp.execute(
        "select count(*), count(*) filter (where subtotal - discount_total + shipping_total + tax_total <> grand_total) "
        "from orders"
    ).fetchall()
    assert (orders, wrong) == (account.orders, 0)
    wrong_lines = oltp.execute(
        "select orders.id from orders join order_items on order_items.order_id = orders.id group by orders.id "
        "having sum(quantity * unit_price) <> subtotal or sum(order_items.tax) <> tax_total or sum(discount) > discount_total "
        "or sum(total) <> sum(quantity * unit_price - discount + order_items.tax)"
    ).fetchall()
    assert wrong_lines == []
    [(refunds, returned)] = oltp.execute("select count(*), sum(amount) from refunds").fetchall()
    assert refunds == account.refunds > 0
    assert returned == sum((sales.returns for sales in account.days.values()), Decimal(0))


def test_writing_the_same_world_twice_changes_no_row(oltp: psycopg.Connection) -> None:
    plan = Plan(end=END, days=3, events_per_day=1_000)
    play(oltp, SHOPS[0], plan)
    before = rows(oltp)
    play(oltp, SHOPS[0], plan)
    assert rows(oltp) == before
    assert len(before["orders"]) > 20


def test_a_later_end_continues_the_orders_that_are_there(oltp: psycopg.Connection) -> None:
    play(oltp, SHOPS[0], Plan(end=END, days=3, events_per_day=1_500))
    before = {row[0]: row[1] for row in oltp.execute("select number, status from orders").fetchall()}
    later = Plan(end=date(2026, 1, 25), days=8, events_per_day=1_500)
    play(oltp, SHOPS[0], later)
    after = {row[0]: row[1] for row in oltp.execute("select number, status from orders").fetchall()}
    assert before.keys() < after.keys()
    assert any(before[number] == "paid" and after[number] == "fulfilled" for number in before)
    expected = {order.number: order.status for day in ShopWorld(later, SHOPS[0]).days() for order in day.orders}
    assert after == expected


def test_shops_that_spread_coupons_write_the_shares_into_the_lines(oltp: psycopg.Connection) -> None:
    spread = (
        "select count(*) from orders where coupon_code is not null "
        "and discount_total = (select sum(discount) from order_items where order_id = orders.id)"
    )
    for shop in (SHOPS[0], SHOPS[1]):
        empty_backend(oltp)
        play(oltp, shop, Plan(end=END, days=4, events_per_day=1_500))
        coupons = oltp.execute("select count(*) from orders where coupon_code is not null").fetchone()
        in_lines = oltp.execute(spread).fetchone()
        assert coupons and coupons[0] > 3
        assert in_lines == (coupons if shop.spreads_coupons else (0,))


def test_personal_data_is_written_in_full_and_belongs_to_nobody(oltp: psycopg.Connection) -> None:
    play(oltp, SHOPS[1], Plan(end=END, days=1, events_per_day=1_500))
    empty = oltp.execute(
        "select count(*) from customers where email is null or phone is null or first_name is null or birth_date is null"
    ).fetchone()
    assert empty == (0,)
    strangers = oltp.execute("select count(*) from customers where email !~ '@example\\.(com|net|org)$'").fetchone()
    assert strangers == (0,)


def test_rows_have_as_many_values_as_their_table_has_columns() -> None:
    world = ShopWorld(Plan(end=END, days=1), SHOPS[0])
    order = world.day(END).orders[0]
    assert len(backend_rows.order_row(1, order, "EUR", None)) == len(backend_tables.ORDERS.columns)
    assert len(backend_rows.customer_row(1, order.shopper, 0)) == len(backend_tables.CUSTOMERS.columns)
