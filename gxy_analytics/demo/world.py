"""The simulated world: a pure function from (seed, shop, day) to visits and orders.

Nothing here reads a clock, a network or a database; the same arguments give the same world, and a longer window
only adds to a shorter one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from gxy_analytics.demo.aftermath import live_on
from gxy_analytics.demo.arrivals import arrival, midnight, visits_of_day
from gxy_analytics.demo.behaviour import live_through
from gxy_analytics.demo.catalogue import Catalogue
from gxy_analytics.demo.orders import Order, price_order
from gxy_analytics.demo.shoppers import Population
from gxy_analytics.demo.shops import Shop, first_shops
from gxy_analytics.demo.visits import Event, Visit

EVENTS_PER_VISIT = 7.7  # 7.45 measured over the default world, times the mean of WEEKDAYS; turns an event rate into a visit rate
VISITORS_PER_DAILY_VISIT = 9
PHONE_ORDER_SHARE = 0.001  # orders by telephone, per visit: they have no events


@dataclass(frozen=True)
class Plan:
    """What to simulate. `events_per_day` is the mean of a tenant of size 1; `loss` the share of events that never arrive."""

    seed: int = 7
    tenants: int = 5
    days: int = 14
    end: date = date(2026, 1, 31)
    events_per_day: int = 2_860
    protocol: str = "native"
    loss: float = 0.0

    @property
    def dates(self) -> tuple[date, ...]:
        """The simulated local days, oldest first; `end` is the last of them."""
        return tuple(self.end - timedelta(days=n) for n in reversed(range(self.days)))

    @property
    def shops(self) -> tuple[Shop, ...]:
        return first_shops(self.tenants)


@dataclass(frozen=True)
class ShopDay:
    """What happened in one shop in visits that began on one local day. Events are in time order."""

    day: date
    events: list[Event]
    orders: list[Order]


class ShopWorld:
    """One shop's part of the world."""

    def __init__(self, plan: Plan, shop: Shop) -> None:
        self.plan = plan
        self.shop = shop
        self.zone = ZoneInfo(shop.timezone)
        self.seed = f"{plan.seed}/{plan.events_per_day}/{shop.slug}"
        self.namespace = uuid5(NAMESPACE_URL, f"https://gxy.example/simulation/{self.seed}")
        self.catalogue = Catalogue(shop, self.seed)
        self._visits = plan.events_per_day * shop.size / EVENTS_PER_VISIT
        size = max(int(self._visits * VISITORS_PER_DAILY_VISIT), 10)
        self.population = Population(shop, self.seed, self.namespace, size)
        self.until = self.end_of(plan.end)

    def end_of(self, day: date) -> int:
        """Epoch seconds at which the local day `day` ends."""
        return midnight(day + timedelta(days=1), self.zone)

    def days(self) -> Iterator[ShopDay]:
        """Every day of the plan, oldest first, each made when it is asked for."""
        for day in self.plan.dates:
            yield self.day(day)

    def day(self, day: date) -> ShopDay:
        """One local day."""
        rng = Random(f"{self.seed}/{day}")
        events: list[Event] = []
        orders: list[Order] = []
        for n in range(visits_of_day(self._visits, day, rng)):
            visit = self._visit(day, n)
            outcome = live_through(visit, self._order_number(day, n))
            events += outcome.visit.events
            placed = outcome.order or self._phone_order(day, n)
            if placed:
                orders.append(live_on(placed, self.shop, Random(f"{self.seed}/after/{placed.number}"), self.until))
        events.sort(key=lambda event: (event.at_ms, event.session, event.sequence))
        return ShopDay(day, events, orders)

    def _visit(self, day: date, n: int) -> Visit:
        rng = Random(f"{self.seed}/{day}/{n}")
        shopper = self.population.visitor(rng)
        start = arrival(day, self.zone, rng)
        return Visit(f"{day}/{n}", self.namespace, self.catalogue, shopper, rng, start, self.until * 1000)

    def _order_number(self, day: date, n: int) -> str:
        return f"{self.namespace.hex[:4].upper()}-{day:%y%m%d}-{n:05d}"

    def _phone_order(self, day: date, n: int) -> Order | None:
        rng = Random(f"{self.seed}/phone/{day}/{n}")
        if rng.random() >= PHONE_ORDER_SHARE:
            return None
        basket = [(self.catalogue.popular(rng), rng.randint(1, 3))]
        return price_order(
            self.shop, rng, basket, None,
            number=f"{self._order_number(day, n)}T", shopper=self.population.visitor(rng),
            placed_at=arrival(day, self.zone, rng) // 1000, channel="phone", is_guest=rng.random() < 0.5,
        )  # fmt: skip
