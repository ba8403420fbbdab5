"""A small two-tenant world on servers of its own: a shop in Auckland and one in Los Angeles, a few orders, events and a ledger.

Rows go in as the backend and the loader would put them; nothing here knows the graph.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.tenants.tenants import add_tenant
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

FIRST, LAST = date(2026, 3, 10), date(2026, 3, 12)
ZONES = {"kiwi": ("Pacific/Auckland", "NZD"), "surf": ("America/Los_Angeles", "USD")}

NEW_ORDER = """
insert into orders (tenant_id, number, currency, subtotal, discount_total, placed_at)
select id, %(number)s, currency, %(subtotal)s, %(discount)s, %(placed_at)s from tenants
where slug = %(slug)s returning id, tenant_id
"""
NEW_LINE = "insert into order_items (tenant_id, order_id, quantity, unit_price, discount) values (%s, %s, %s, %s, %s)"
NEW_REFUND = "insert into refunds (tenant_id, order_id, amount, quantity, processed_at) values (%s, %s, %s, 1, %s)"


@dataclass
class World:
    """Running servers, their settings, and ways to make things happen in them."""

    settings: Settings
    clickhouse: EmbeddedClickHouse
    oltp: EmbeddedPostgres

    @classmethod
    def start(cls, directory: Path) -> World:
        """Start both servers, migrate, and add the two tenants with a product each."""
        clickhouse = EmbeddedClickHouse(directory / "clickhouse", "test-password", free_port(), free_port())
        oltp = EmbeddedPostgres(directory / "postgres")
        clickhouse.start()
        oltp.start()
        settings = Settings(data_dir=directory / "gxy", clickhouse_url=clickhouse.url, oltp_url=oltp.url)
        load_master_key(settings.master_key_path, create=True)
        world = cls(settings, clickhouse, oltp)
        with world.client() as client:
            migrate(client, settings)
            for slug, (zone, currency) in ZONES.items():
                tenant = add_tenant(client, oltp.url, slug, timezone=zone, currency=currency)
                world.sql(
                    "insert into products (tenant_id, name, price, currency) values (%s, 'Mug', 10, %s)", tenant.oltp_id, currency
                )
        return world

    def stop(self) -> None:
        self.clickhouse.stop()
        self.oltp.stop()

    def client(self) -> Client:
        return connect(self.clickhouse.url, purpose="tests")

    def sql(self, statement: str, *parameters: object) -> None:
        """Run one statement in the backend."""
        with psycopg.connect(self.oltp.url, autocommit=True) as connection:
            connection.execute(statement, parameters)

    def order(
        self, slug: str, placed_at: datetime, *, lines: list[tuple[int, str, str]], discount: str = "0", refund: str = ""
    ) -> int:
        """An order of (quantity, unit price, line discount) lines; `refund` is paid back a day later. Returns its id."""
        at = placed_at.replace(tzinfo=None)
        header = {"number": "1", "subtotal": "0", "discount": discount, "placed_at": at, "slug": slug}
        with psycopg.connect(self.oltp.url, autocommit=True) as connection:
            order_id, tenant = connection.execute(NEW_ORDER, header).fetchone()  # type: ignore[misc]
            for quantity, price, less in lines:
                connection.execute(NEW_LINE, (tenant, order_id, quantity, price, less))
            if refund:
                connection.execute(NEW_REFUND, (tenant, order_id, refund, at + timedelta(days=1)))
        return int(order_id)

    def events(self, slug: str, times: list[datetime], name: str = "page_view") -> None:
        """Accepted events at these instants, and the loader's ledger entry for them."""
        now = datetime.now(UTC)
        rows = [[slug, uuid.uuid4(), str(at), name, at, now, now, "visitor-1"] for at in times]
        names = ["tenant_id", "event_id", "client_event_id", "name", "event_time", "received_at", "loaded_at", "anonymous_id"]
        with self.client() as client:
            client.insert("events", rows, column_names=names, database="raw")
            ledger = ["tenant_id", "batch_id", "accepted", "inserted", "deduplicated", "rejected", "dropped", "loaded_at"]
            client.insert(
                "ingest_ledger",
                [[slug, str(uuid.uuid4()), len(rows), len(rows), 0, 0, 0, now]],
                column_names=ledger,
                database="governance",
            )

    def scalar(self, query: str) -> object:
        """The first value of a ClickHouse query."""
        with self.client() as client:
            return client.query(query).first_row[0]


def fill(world: World) -> None:
    """Three days of orders, a refund and browsing for both shops."""
    for n in range((LAST - FIRST).days + 1):
        noon = datetime(FIRST.year, FIRST.month, FIRST.day, 20, 0, tzinfo=UTC) + timedelta(days=n)
        world.order("kiwi", noon, lines=[(2, "9.99", "0"), (1, "0.01", "0.01")], discount="1.50")
        world.order("surf", noon, lines=[(3, "33.33", "3.33")], refund="33.33")
        world.order("surf", noon, lines=[], discount="0.25")
        for slug in ZONES:
            world.events(slug, [noon + timedelta(minutes=m) for m in (0, 5, 10, 50)])
