"""When the simulator sends: late, twice and broken events, each in its share and in sending order."""

from __future__ import annotations

from datetime import date
from random import Random
from uuid import uuid4

import msgspec
import pytest

from gxy_analytics.contracts.events import EventHead, NativeEvent
from gxy_analytics.demo.deliveries import BROKEN_SHARE, DAY_MS, LATE_SHARE, REPEATED_SHARE, Outbox, broken_events, handle
from gxy_analytics.demo.shops import SHOPS
from gxy_analytics.demo.wire import Ids, encode_broken, encode_event
from gxy_analytics.demo.world import Plan, ShopDay, ShopWorld

WORLD = ShopWorld(Plan(end=date(2026, 1, 20), days=1, events_per_day=4_000), SHOPS[0])


class AnyNumber(dict):
    """Stands for the backend's keys: every name has one."""

    def __missing__(self, key: object) -> int:
        return 1


IDS = Ids({product.index: product.index + 1 for product in WORLD.catalogue.products}, AnyNumber(), AnyNumber())


@pytest.fixture(scope="module")
def shop_day() -> ShopDay:
    return WORLD.day(date(2026, 1, 20))


def test_few_events_are_late_and_few_are_sent_twice(shop_day: ShopDay) -> None:
    rng = Random(1)
    handlings = [handle(event, rng) for event in shop_day.events for _ in range(5)]
    late = [handling.delay_ms for handling in handlings if handling.delay_ms]
    assert len(late) / len(handlings) == pytest.approx(LATE_SHARE, rel=0.3)
    assert all(DAY_MS <= delay < 3 * DAY_MS for delay in late)
    repeated = sum(handling.repeat_after_ms is not None for handling in handlings)
    assert repeated / len(handlings) == pytest.approx(REPEATED_SHARE, rel=0.3)


def test_broken_events_are_few_and_never_none(shop_day: ShopDay) -> None:
    assert len(list(broken_events(WORLD, shop_day))) == max(1, round(len(shop_day.events) * BROKEN_SHARE))
    assert len(list(broken_events(WORLD, ShopDay(shop_day.day, shop_day.events[:3], [])))) == 1


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_broken_event_is_json_that_the_contract_refuses(kind: int) -> None:
    body = encode_broken(uuid4(), 1_768_900_000_000, kind)
    assert isinstance(msgspec.json.decode(body), dict)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=EventHead)


def test_every_event_fits_the_contract_without_a_field_to_spare(shop_day: ShopDay) -> None:
    known = {field.encode_name: field for field in msgspec.structs.fields(NativeEvent)}
    for event in shop_day.events:
        body = encode_event(event, WORLD.catalogue, IDS)
        decoded = msgspec.json.decode(body, type=NativeEvent)
        assert str(event.event_id) == decoded.event_id
        sent = msgspec.json.decode(body)
        assert sent.keys() <= known.keys()
        for part, struct in (
            ("cart", decoded.cart),
            ("order", decoded.order),
            ("search", decoded.search),
            ("page", decoded.page),
        ):
            assert sent.get(part, {}).keys() <= (msgspec.structs.asdict(struct).keys() if struct else set())


def test_what_is_due_comes_out_in_order_and_once() -> None:
    outbox = Outbox()
    for at in (30, 10, 20, 40):
        outbox.put(at, str(at).encode())
    assert [delivery.body for delivery in outbox.due(30)] == [b"10", b"20"]
    outbox.put(5, b"5")
    assert [delivery.body for delivery in outbox.due()] == [b"5", b"30", b"40"]
    assert list(outbox.due()) == []
