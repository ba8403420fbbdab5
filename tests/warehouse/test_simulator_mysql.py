"""The simulator over a real MariaDB: the same orders as in PostgreSQL, and nothing new the second time."""

from __future__ import annotations

from datetime import date

from mariadb import NEEDS_MARIADB, MariaDb, running_mariadb

from gxy_analytics.demo.account import TenantAccount
from gxy_analytics.demo.backend import Backend
from gxy_analytics.demo.registry import BackendRegistry
from gxy_analytics.demo.shops import SHOPS
from gxy_analytics.demo.world import Plan, ShopWorld
from gxy_analytics.extraction.connections import connect_oltp

pytestmark = NEEDS_MARIADB
SUMS = (
    "select (select count(*) from orders), (select sum(grand_total) from orders), (select sum(total) from order_items), "
    "(select count(*) from payments), (select coalesce(sum(amount), 0) from refunds), (select count(*) from customers), "
    "(select max(updated_at) from orders)"
)


def test_the_world_is_written_to_mariadb_once_and_adds_up() -> None:
    shop, plan = SHOPS[0], Plan(end=date(2026, 1, 20), days=3, events_per_day=1_000)
    with running_mariadb() as server:
        first, account = play(server, plan), TenantAccount(shop.currency)
        world = ShopWorld(plan, shop)
        for day in world.days():
            for order in day.orders:
                account.add_order(order, world.zone)
        assert (first[0], first[4]) == (account.orders, sum(sales.returns for sales in account.days.values()))
        assert play(server, plan) == first


def play(server: MariaDb, plan: Plan) -> tuple:
    """Write the first shop's days, as the simulator does; returns SUMS."""
    shop = SHOPS[0]
    with connect_oltp(server.url) as connection:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from tenants")
            if cursor.fetchone() == (0,):
                cursor.execute(
                    "insert into tenants (slug, name, currency, timezone) values (%s, %s, 'EUR', %s)",
                    (shop.slug, shop.name, shop.timezone),
                )
        registry = BackendRegistry(Backend(connection), ShopWorld(plan, shop).catalogue)
        for day in ShopWorld(plan, shop).days():
            registry.record(day)
        with connection.cursor() as cursor:
            cursor.execute(SUMS)
            return tuple(cursor.fetchone() or ())
