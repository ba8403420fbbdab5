"""The simulated world: the same for a seed, at local hours, with shoppers who behave."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from gxy_analytics.demo.account import local_date
from gxy_analytics.demo.arrivals import WORKDAY_HOURS, arrival, midnight
from gxy_analytics.demo.shops import SHOPS, Shop, first_shops
from gxy_analytics.demo.world import Plan, ShopDay, ShopWorld

PLAN = Plan(end=date(2026, 1, 20), days=3, events_per_day=2_000)
BERLIN, LOS_ANGELES, KOLKATA = SHOPS[0], SHOPS[1], SHOPS[2]


@pytest.fixture(scope="module")
def berlin() -> list[ShopDay]:
    return list(ShopWorld(PLAN, BERLIN).days())


def test_the_same_seed_makes_the_same_world(berlin: list[ShopDay]) -> None:
    assert list(ShopWorld(PLAN, BERLIN).days()) == berlin


def test_another_seed_makes_another_world_with_other_ids(berlin: list[ShopDay]) -> None:
    other = ShopWorld(Plan(seed=8, end=PLAN.end, days=3, events_per_day=2_000), BERLIN).day(PLAN.end)
    assert not {event.event_id for event in other.events} & {event.event_id for event in berlin[-1].events}
    assert not {order.number for order in other.orders} & {order.number for order in berlin[-1].orders}


def test_a_day_does_not_depend_on_the_days_before_it(berlin: list[ShopDay]) -> None:
    alone = ShopWorld(Plan(end=PLAN.end, days=1, events_per_day=2_000), BERLIN).day(PLAN.end)
    assert alone == berlin[-1]


def test_a_longer_window_only_adds(berlin: list[ShopDay]) -> None:
    longer = ShopWorld(Plan(end=PLAN.end + timedelta(days=2), days=5, events_per_day=2_000), BERLIN)
    ids = {event.event_id: event for event in longer.day(PLAN.end).events}
    for event in berlin[-1].events:
        assert ids[event.event_id].at_ms == event.at_ms
        assert ids[event.event_id].name == event.name
    now = {order.number: order.grand_total for order in berlin[-1].orders}
    assert now.items() <= {order.number: order.grand_total for order in longer.day(PLAN.end).orders}.items()


def test_event_ids_are_unique(berlin: list[ShopDay]) -> None:
    ids = [event.event_id for day in berlin for event in day.events]
    assert len(set(ids)) == len(ids) > 5_000


def test_nothing_happens_outside_the_window() -> None:
    for shop in SHOPS:
        world = ShopWorld(Plan(end=PLAN.end, days=2, events_per_day=500), shop)
        window = {PLAN.end - timedelta(days=1), PLAN.end}
        for day in world.days():
            instants = [event.at_ms // 1000 for event in day.events] + [order.placed_at for order in day.orders]
            instants += [refund.at for order in day.orders for refund in order.refunds]
            instants += [payment.at for order in day.orders for payment in order.payments]
            assert {local_date(at, world.zone) for at in instants} <= window


@pytest.mark.parametrize("shop", [BERLIN, LOS_ANGELES, KOLKATA])
def test_visitors_come_by_the_hours_of_the_shops_own_clock(shop: Shop) -> None:
    zone, rng, day = ZoneInfo(shop.timezone), Random(1), date(2026, 1, 20)
    times = [datetime.fromtimestamp(arrival(day, zone, rng) / 1000, UTC).astimezone(zone) for _ in range(20_000)]
    assert {time.date() for time in times} == {day}
    hours = Counter(time.hour for time in times)
    for hour, weight in enumerate(WORKDAY_HOURS):
        assert hours[hour] / 20_000 == pytest.approx(weight / sum(WORKDAY_HOURS), abs=0.01)


def test_a_day_of_a_half_hour_zone_begins_at_a_half_hour() -> None:
    assert midnight(date(2026, 1, 20), ZoneInfo(KOLKATA.timezone)) % 3600 == 1800


def test_a_day_in_which_the_clock_changes_has_another_length() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert midnight(date(2026, 3, 30), zone) - midnight(date(2026, 3, 29), zone) == 23 * 3600
    assert midnight(date(2026, 10, 26), zone) - midnight(date(2026, 10, 25), zone) == 25 * 3600


def test_events_of_a_session_are_numbered_in_order(berlin: list[ShopDay]) -> None:
    sessions: dict[object, list[int]] = {}
    for event in berlin[0].events:
        sessions.setdefault(event.session, []).append(event.sequence)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in sessions.values())


def test_every_web_order_has_its_event_and_no_order_by_telephone_has_one(berlin: list[ShopDay]) -> None:
    for day in berlin:
        by_event = {event.order.number for event in day.events if event.order}
        assert by_event == {order.number for order in day.orders if order.channel != "phone"}


def test_the_shops_funnel_narrows(berlin: list[ShopDay]) -> None:
    reached: Counter[str] = Counter()
    for day in berlin:
        for name in ("product_viewed", "product_added", "checkout_started", "order_completed"):
            reached[name] += len({event.session for event in day.events if event.name == name})
    visits = sum(len({event.session for event in day.events}) for day in berlin)
    assert (
        visits > reached["product_viewed"] > reached["product_added"] > reached["checkout_started"] > reached["order_completed"]
    )
    assert 0.02 < reached["order_completed"] / visits < 0.10


def test_few_products_make_most_of_the_views_and_baskets_follow_affinity(berlin: list[ShopDay]) -> None:
    views: Counter[int] = Counter()
    together = apart = 0
    for day in berlin:
        for event in day.events:
            views.update(item.product.index for item in event.items if event.name == "product_viewed")
        for order in day.orders:
            products = [line.product for line in order.lines]
            for a, b in pairwise(products):
                together += b.index in a.companions
                apart += b.index not in a.companions
    top = sum(count for _, count in views.most_common(28))
    assert top / views.total() > 0.35  # 28 of 140 products
    assert together / (together + apart) > 0.3  # 3 of 139 by chance


def test_guests_are_not_named_and_customers_are() -> None:
    orders = [order for shop in SHOPS for order in ShopWorld(Plan(end=PLAN.end, days=1), shop).day(PLAN.end).orders]
    guests = sum(order.is_guest for order in orders)
    assert 0.2 < guests / len(orders) < 0.8
    assert all(order.shopper.email.rsplit(".", 1)[0].endswith("example") for order in orders)


def test_after_the_last_shop_branches_open_under_other_slugs() -> None:
    shops = first_shops(30)
    assert len({shop.slug for shop in shops}) == 30
    assert shops[len(SHOPS)].slug == "aurora-living-2"
