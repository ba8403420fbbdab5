"""A day built again, in any order, after late rows or emptied, is the day of one full rebuild: checksums per table and day."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dbt_world import EVERYTHING, DbtWorld, dbt_world

from gxy_analytics.quality.ledger import check_staged_events
from gxy_analytics.warehouse.partitions import Window

ZONES = {"berlin": "Europe/Berlin", "kolkata": "Asia/Kolkata", "newyork": "America/New_York"}
DAYS = [f"2026-03-{day}" for day in range(27, 32)]  # Berlin's clock changes on the 29th
NAMES = ["page_viewed", "product_impression", "product_viewed", "product_added", "checkout_started", "order_completed"]
EVENTS = [
    "tenant_id",
    "event_id",
    "name",
    "event_time",
    "received_at",
    "anonymous_id",
    "page_path",
    "order_id",
    "items.product_id",
]
ORDERS = ["tenant_id", "order_id", "status", "currency", "discount_total", "placed_at", "is_deleted", "extracted_at"]
LINES = [
    "tenant_id",
    "order_item_id",
    "order_id",
    "product_id",
    "quantity",
    "unit_price",
    "placed_at",
    "is_deleted",
    "extracted_at",
]
REFUNDS = ["tenant_id", "refund_id", "order_id", "product_id", "amount", "currency", "quantity", "processed_at", "extracted_at"]
EXTRACTED = datetime(2026, 4, 1, tzinfo=UTC)


class Shops:
    """Random events, orders and refunds of three tenants in three zones; the same for the same seed."""

    def __init__(self, world: DbtWorld, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.orders: list[tuple[str, int, datetime]] = []

    def visit(self, tenant: str, visitor: str, start: datetime, events: int, gap: timedelta) -> None:
        """Insert the events of one visitor from `start` on."""
        self.world.insert("events", EVENTS, self.events(tenant, visitor, start, events, gap))

    def events(self, tenant: str, visitor: str, start: datetime, events: int, gap: timedelta) -> list[list[Any]]:
        """Events of one visitor from `start` on; some arrive twice."""
        rows: list[list[Any]] = []
        for number in range(events):
            name = self.random.choice(NAMES)
            at = start + number * gap
            row = [
                tenant,
                uuid.UUID(int=self.random.getrandbits(128)),
                name,
                at,
                at,
                visitor,
                f"/{number}",
                f"o{number}" if name == "order_completed" else "",
                [str(self.random.randrange(1, 6))] if name.startswith("product") else [],
            ]
            rows += [row, row] if self.random.random() < 0.05 else [row]
        return rows

    def visits(self, days: list[str], count: int) -> None:
        """Short visits, half of them around the tenant's midnight."""
        rows: list[list[Any]] = []
        for _ in range(count):
            tenant = self.random.choice(list(ZONES))
            midnight = local_midnight(self.random.choice(days), tenant)
            offset = self.random.uniform(-50, 50) if self.random.random() < 0.5 else self.random.uniform(0, 1439)
            gap = timedelta(minutes=self.random.choice([1, 10, 29, 30, 31]))
            visitor = f"v{self.random.randrange(12)}"
            rows += self.events(tenant, visitor, midnight + timedelta(minutes=offset), self.random.randrange(1, 6), gap)
        self.world.insert("events", EVENTS, rows)

    def glances(self, day: str, count: int) -> None:
        """Single events of known visitors within one local day, most of them near its midnights."""
        rows: list[list[Any]] = []
        for _ in range(count):
            tenant = self.random.choice(list(ZONES))
            minute = self.random.choice(
                [self.random.uniform(0, 40), self.random.uniform(1340, 1379), self.random.uniform(0, 1379)]
            )
            at = local_midnight(day, tenant) + timedelta(minutes=minute)
            rows += self.events(tenant, f"v{self.random.randrange(12)}", at, 1, timedelta())
        self.world.insert("events", EVENTS, rows)

    def sell(self, days: list[str], count: int, days_to_refund: int = 3) -> None:
        """Orders of up to three lines; some are refunded, within the day or some days after."""
        orders, lines, refunds = [], [], []
        for _ in range(count):
            tenant, order = self.random.choice(list(ZONES)), len(self.orders) + 1
            placed = local_midnight(self.random.choice(days), tenant) + timedelta(minutes=self.random.randrange(1379))
            status, currency = self.random.choice(["paid", "cancelled"]), self.random.choice(["EUR", "USD"])
            orders.append([tenant, order, status, currency, Decimal(self.random.randrange(500)) / 100, placed, False, EXTRACTED])
            self.orders.append((tenant, order, placed))
            for line in range(self.random.randrange(4)):
                price = Decimal(self.random.randrange(1, 9999)) / 100
                lines.append([tenant, order * 10 + line, order, line, line + 1, price, placed, False, EXTRACTED])
            if self.random.random() < 0.4:
                processed = placed + timedelta(days=self.random.randrange(days_to_refund + 1))
                refunds.append([tenant, order, order, 1, Decimal("1.23"), currency, 1, processed, EXTRACTED])
        self.world.insert("oltp_orders", ORDERS, orders)
        self.world.insert("oltp_order_items", LINES, lines)
        self.world.insert("oltp_refunds", REFUNDS, refunds)

    def empty(self, day: str) -> None:
        """Delete every event and order of a local day, and the refunds processed on it, as an erasure and the backend would."""
        for tenant in ZONES:
            bounds: dict[str, Any] = {
                "tenant": tenant,
                "start": local_midnight(day, tenant),
                "end": local_midnight(day, tenant, days=1),
            }
            for table, instant in (("events", "event_time"), ("oltp_refunds", "processed_at")):
                self.world.client.command(
                    f"delete from raw.{table} where tenant_id = {{tenant:String}} "
                    f"and {instant} >= {{start:DateTime64(3, 'UTC')}} and {instant} < {{end:DateTime64(3, 'UTC')}}",
                    parameters=bounds,
                )
            gone = [
                [tenant, order, "paid", "EUR", Decimal(0), placed, True, EXTRACTED + timedelta(days=1)]
                for owner, order, placed in self.orders
                if owner == tenant and bounds["start"] <= placed < bounds["end"]
            ]
            self.world.insert("oltp_orders", ORDERS, gone)
            lines = [
                [tenant, line, 0, 0, 1, Decimal(1), placed, True, EXTRACTED + timedelta(days=1)]
                for line, placed in self.lines_of(gone)
            ]
            self.world.insert("oltp_order_items", LINES, lines)

    def lines_of(self, orders: list[list[Any]]) -> list[tuple[int, datetime]]:
        """(id, placed_at) of every line the orders may have."""
        return [(order[1] * 10 + line, order[5]) for order in orders for line in range(3)]


def local_midnight(day: str, tenant: str, days: int = 0) -> datetime:
    start = datetime.fromisoformat(day) + timedelta(days=days)
    return start.replace(tzinfo=ZoneInfo(ZONES[tenant])).astimezone(UTC)


def after(day: str) -> str:
    return str((datetime.fromisoformat(day) + timedelta(days=1)).date())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    with dbt_world(tmp_path_factory.mktemp("rebuilds")) as world:
        zones = [[tenant, zone, datetime(1970, 1, 1, tzinfo=UTC)] for tenant, zone in ZONES.items()]
        world.insert("tenant_timezones", ["tenant_id", "timezone", "valid_from"], zones)
        yield world


def test_any_order_late_rows_and_an_emptied_day_end_as_one_full_rebuild(world: DbtWorld) -> None:
    shops = Shops(world, seed=20260329)
    shops.visits(DAYS[1:4], 150)
    shops.sell(DAYS[:2], 60)
    # A visitor that never stops for two days, over midnights and the clock change.
    shops.visit("berlin", "restless", local_midnight(DAYS[0], "berlin") + timedelta(hours=20), 160, timedelta(minutes=20))
    world.build(DAYS[3], after(DAYS[3]), what=EVERYTHING)  # alone, and first: with views, seeds and dimensions
    world.build(DAYS[0], after(DAYS[2]))
    world.build(DAYS[4], after(DAYS[4]))

    shops.glances(DAYS[2], 60)
    shops.sell([DAYS[2]], 5, days_to_refund=0)
    world.build(DAYS[2], after(DAYS[2]))
    shops.empty(DAYS[3])
    world.build(DAYS[3], after(DAYS[3]))
    rebuilt = world.checksums()

    assert not [key for key in rebuilt if key[1] == DAYS[3]]
    assert ("marts.fct_sessions", DAYS[2]) in rebuilt
    world.drop_built()
    world.build(what=EVERYTHING)
    assert rebuilt == world.checksums()
    assert world.aside_tables() == []


def test_a_session_never_passes_48_hours_and_every_event_is_in_one_session(world: DbtWorld) -> None:
    longest, events = world.rows("select max(duration_seconds), sum(events) from marts.fct_sessions")[0]
    assert 86_400 < longest <= 172_800
    assert events == world.rows("select uniqExact(tenant_id, event_id) from raw.events")[0][0]


def test_an_event_that_arrived_twice_is_staged_once_and_a_lost_one_is_still_seen(world: DbtWorld) -> None:
    window = Window(date.fromisoformat(DAYS[0]), date.fromisoformat(DAYS[2]))
    found = check_staged_events(world.client, window)
    assert found.passed, found.description
    assert found.numbers["repeated"]
    tenant, event, _ = world.rows(
        "select tenant_id, event_id, count() from raw.events group by 1, 2 having count() = 1 and toDate(min(event_time)) = "
        f"'{DAYS[1]}' order by 1, 2 limit 1"
    )[0]
    world.client.command(f"delete from staging.stg_web__events where tenant_id = '{tenant}' and event_id = '{event}'")
    lost = check_staged_events(world.client, window)
    assert not lost.passed
    assert "of them repeated" in lost.description
