"""Events against their types: what is missing is named, nothing is blocked, the validator agrees with the published schema."""

from __future__ import annotations

import json
import time
from datetime import date
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxy_analytics.contracts.event_types.json_schema import event_schema
from gxy_analytics.contracts.event_types.registry import EVENT_TYPES
from gxy_analytics.demo.shops import SHOPS
from gxy_analytics.demo.wire import Ids, encode_event
from gxy_analytics.demo.world import Plan, ShopWorld
from ingest_service.loader.draft import Draft
from ingest_service.loader.event import Event
from ingest_service.loader.quality import CHECKS, check

decode = msgspec.json.Decoder(Event).decode
ITEM = {"product_id": "1", "price": "9.90"}
ORDER = {"order_id": "o", "value": 9.9, "currency": "EUR"}


def warnings_of(name: str, **fields: Any) -> list[str]:
    draft = Draft(events=[decode(json.dumps({"event_id": "e", "name": name, **fields}))])
    check(draft)
    return draft.warnings.get(0, [])


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("page_viewed", {"page": {"url": "https://a.b"}}),
        ("page_viewed", {"page": {"title": "Settings"}}),
        ("page_ping", {"page_view_id": "p", "engagement": {"engaged_ms": 10_000}}),
        ("search_performed", {"search": {"query": "shoes"}}),
        ("product_impression", {"items": [ITEM, ITEM]}),
        ("product_viewed", {"items": [{"product_id": 0}]}),
        ("checkout_step", {"checkout": {"step": 0}}),
        ("checkout_started", {"order": {"order_id": 5}}),
        ("order_completed", {"order": ORDER, "items": [ITEM]}),
        ("order_completed", {"order": ORDER | {"value": 0}, "items": [ITEM]}),
        ("identify", {"user_id": 17}),
        ("alias", {"previous_id": "a", "user_id": "17"}),
        ("custom:size_guide_opened", {}),
    ],
)
def test_a_whole_event_gets_no_warning(name: str, fields: dict[str, Any]) -> None:
    assert warnings_of(name, **fields) == []


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("page_viewed", {}, ["missing:/page/url"]),
        ("page_viewed", {"page": {"url": ""}}, ["missing:/page/url"]),
        ("search_performed", {"search": {"result_count": 3}}, ["missing:/search/query"]),
        ("product_impression", {"items": []}, ["missing:/items/product_id"]),
        ("product_impression", {"items": [ITEM, {"name": "Shoe"}]}, ["missing:/items/product_id"]),
        ("checkout_started", {}, ["missing:/cart/cart_id"]),
        ("order_completed", {"order": {"order_id": None, "value": None}, "items": [ITEM]},
         ["missing:/order/order_id", "missing:/order/value", "missing:/order/currency"]),
        ("order_completed", {"order": ORDER | {"value": ""}, "items": [ITEM]}, ["missing:/order/value"]),
        ("identify", {}, ["missing:/user_id"]),
        ("order_complete", {}, ["unknown_event"]),
        ("Order Completed", {}, ["unknown_event"]),
        ("custom:", {}, ["unknown_event"]),
    ],
)  # fmt: skip
def test_each_thing_that_is_missing_is_named(name: str, fields: dict[str, Any], expected: list[str]) -> None:
    assert warnings_of(name, **fields) == expected


def test_warnings_of_the_adapter_stay_and_only_the_row_that_lacks_something_gets_more() -> None:
    events = [decode(b'{"event_id":"a","name":"custom:x"}'), decode(b'{"event_id":"b","name":"link_clicked"}')]
    draft = Draft(events=events, warnings={0: ["time_missing"], 1: ["unknown_field"]})
    check(draft)
    assert draft.warnings == {0: ["time_missing"], 1: ["unknown_field", "missing:/link/url"]}


maybe_text = st.none() | st.sampled_from(["", "x"])
keys = maybe_text | st.integers(0, 3)
amounts = st.none() | st.sampled_from(["", "1.5", 2, 0.5])
counts = st.none() | st.integers(0, 3)
PARTS = {
    "page": st.fixed_dictionaries({}, optional={"url": maybe_text, "title": maybe_text}),
    "link": st.fixed_dictionaries({}, optional={"url": maybe_text}),
    "search": st.fixed_dictionaries({}, optional={"query": maybe_text}),
    "cart": st.fixed_dictionaries({}, optional={"cart_id": keys}),
    "checkout": st.fixed_dictionaries({}, optional={"checkout_id": keys, "step": counts}),
    "promotion": st.fixed_dictionaries({}, optional={"promotion_id": keys, "name": maybe_text}),
    "order": st.fixed_dictionaries(
        {}, optional={"order_id": keys, "value": amounts, "currency": maybe_text, "coupon": maybe_text}
    ),
}
events = st.fixed_dictionaries(
    {"event_id": st.just("e"), "name": st.sampled_from([*EVENT_TYPES, "custom:x", "custom:", "surprise"])},
    optional={
        **{part: st.none() | fields for part, fields in PARTS.items()},
        "items": st.lists(st.fixed_dictionaries({}, optional={"product_id": keys, "price": amounts}), max_size=2),
        **dict.fromkeys(("anonymous_id", "previous_id", "page_view_id"), maybe_text),
        **dict.fromkeys(("user_id", "group_id"), keys),
    },
)


@settings(deadline=None, max_examples=1500)
@given(events)
def test_an_event_gets_no_warning_exactly_when_it_fits_the_published_schema(event: dict[str, Any]) -> None:
    fields = {key: value for key, value in event.items() if key not in ("event_id", "name")}
    assert (warnings_of(event["name"], **fields) == []) == VALIDATOR.is_valid(event), event


VALIDATOR = jsonschema_rs.Draft202012Validator(event_schema())


class AnyNumber(dict[str, int]):
    """A backend that knows every customer and order."""

    def __missing__(self, key: str) -> int:
        return 1


def test_what_the_simulated_shops_send_gets_no_warning() -> None:
    world = ShopWorld(Plan(end=date(2026, 1, 20), days=1, events_per_day=3_000), SHOPS[0])
    ids = Ids({product.index: product.index + 1 for product in world.catalogue.products}, AnyNumber(), AnyNumber())
    draft = Draft(events=[decode(encode_event(one, world.catalogue, ids)) for one in world.day(date(2026, 1, 20)).events])
    check(draft)
    assert {event.name for event in draft.events} >= {"page_viewed", "search_performed", "checkout_step", "order_completed"}
    found = {(draft.events[row].name, code) for row, codes in draft.warnings.items() for code in codes}
    assert found == set()


def test_every_type_has_a_check() -> None:
    assert list(CHECKS) == list(EVENT_TYPES)


def test_checking_a_shops_mix_takes_a_microsecond_or_so_an_event() -> None:
    mix: list[dict[str, Any]] = [
        *[{"name": "page_viewed", "page": {"url": "u"}}] * 4,
        *[{"name": "product_viewed", "items": [ITEM]}] * 3,
        *[{"name": "product_impression", "items": [ITEM] * 12}] * 2,
        {"name": "order_completed", "order": ORDER, "items": [ITEM] * 3},
    ]
    draft = Draft(events=[decode(json.dumps({"event_id": "e", **one})) for one in mix] * 1000)
    spent = []
    for _ in range(5):
        start = time.process_time()
        check(draft)
        spent.append((time.process_time() - start) / len(draft.events))
    assert min(spent) < 3e-6  # 0.6 µs on an idle core
