"""Calls of Segment and RudderStack as rows of raw.events in a real ClickHouse: columns, repeats, letters, people."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from loader_world import PSEUDONYMS, LoaderWorld, event, iso

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader.replay import Selection, replay
from ingest_service.spool.record import RecordFlags
from tests.conftest import SHARED_DATA

RECORDINGS = SHARED_DATA / "wire" / "rec.jsonl"
CONTEXT: dict[str, Any] = {
    "page": {
        "url": "https://shop.example/cart?utm_source=news&gclid=g1&token=secret",
        "path": "/cart",
        "title": "Cart",
        "referrer": "https://g.example/?q=1",
    },
    "campaign": {"name": "autumn", "medium": "email", "term": "tee", "content": "top"},
    "locale": "de-AT",
    "timezone": "Europe/Vienna",
    "screen": {"width": 1280, "height": 720, "innerWidth": 1000, "innerHeight": 600},
    "library": {"name": "analytics.js", "version": "next-1.84.3"},
    "app": {"namespace": "com.shop"},
    "consent": {"categoryPreferences": {"Ads": False, "Stats": True}},
    "sessionId": 17,
    "userAgent": "Mozilla/5.0 (its own)",
    "ip": "203.0.113.77",
    "shelf": 3,
}
ORDER: dict[str, Any] = {
    "order_id": "o-1",
    "checkout_id": "c-1",
    "cart_id": "k-1",
    "affiliation": "Store",
    "total": 27.5,
    "subtotal": "22.50",
    "shipping": 3,
    "tax": 2,
    "discount": 2.5,
    "coupon": "hasbros",
    "currency": "USD",
    "payment_method": "card",
    "shipping_method": "parcel",
    "repeat": True,
    "products": [
        {"product_id": "507f", "sku": "45790-32", "name": "Monopoly", "price": 19, "quantity": 1, "category": "Games"},
        {"id": "505b", "brand": "Hasbro", "variant": "red", "price": "3.00", "quantity": 2, "position": 2, "coupon": "X"}
        | {"url": "https://shop.example/p/505b?x=1", "image_url": "https://shop.example/i/505b.png", "size": "L"},
    ],
}


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        yield LoaderWorld(tmp_path, clickhouse_server.url, client)


def call(message_id: str | None = "m-1", **fields: Any) -> dict[str, Any]:
    given = {"type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": "a-1"}
    return given | {"timestamp": iso(time.time()), "properties": {"product_id": "p"}} | fields


def load(world: LoaderWorld, *calls: Any, route: str = "batch", sent_at: float | None = None, **record: Any) -> None:
    """Spool one batch (or one call on a route of its own) as the door would, and load it."""
    body: Any = calls[0] if route != "batch" else {"batch": calls, "sentAt": iso(sent_at or time.time())}
    headers = {"user-agent": "header/1", "gxy-route": route}
    world.spool(json.dumps(body).encode(), protocol="segment", **{"headers": headers} | record)
    world.load()


def test_an_order_arrives_with_every_column(world: LoaderWorld) -> None:
    load(world, call(event="Completed Order", userId="u-1", properties=ORDER, context=CONTEXT))
    row = world.one("*")
    expected = {
        "name": "order_completed",
        "protocol": "segment",
        "schema_ref": "Completed Order",
        "client_event_id": "m-1",
        "anonymous_id": "a-1",
        "customer_pid": PSEUDONYMS.customer_pid(world.tenant_id, "u-1"),
        "session_id": "17",
        "app_id": "com.shop",
        "page_url": "https://shop.example/cart",
        "page_host": "shop.example",
        "page_path": "/cart",
        "page_title": "Cart",
        "page_referrer": "https://g.example/",
        "campaign_source": "news",
        "campaign_medium": "email",
        "campaign_name": "autumn",
        "campaign_term": "tee",
        "campaign_content": "top",
        "click_ids": {"gclid": "g1"},
        "locale": "de-AT",
        "client_timezone": "Europe/Vienna",
        "screen": "1280x720",
        "viewport": "1000x600",
        "platform": "web",
        "tracker_version": "analytics.js-next-1.84.3",
        "consent": {"Ads": False, "Stats": True},
        "order_id": "o-1",
        "order_value": Decimal("27.5"),
        "order_subtotal": Decimal("22.5"),
        "order_shipping": Decimal(3),
        "order_tax": Decimal(2),
        "order_discount": Decimal("2.5"),
        "coupon": "hasbros",
        "currency": "USD",
        "payment_method": "card",
        "affiliation": "Store",
        "checkout_id": "c-1",
        "shipping_method": "parcel",
        "cart_id": "k-1",
        "items.product_id": ["507f", "505b"],
        "items.sku": ["45790-32", ""],
        "items.name": ["Monopoly", ""],
        "items.category": ["Games", ""],
        "items.brand": ["", "Hasbro"],
        "items.variant": ["", "red"],
        "items.price": [Decimal(19), Decimal(3)],
        "items.quantity": [1, 2],
        "items.position": [0, 2],
        "items.currency": ["USD", "USD"],
        "items.coupon": ["", "X"],
        "items.url": ["", "https://shop.example/p/505b"],
        "items.image_url": ["", "https://shop.example/i/505b.png"],
        "items.size": ["", "L"],
        "user_agent": "header/1",
        "ip_truncated": "192.0.2.0",
        "warnings": ["coerced:/properties/subtotal", "coerced:/properties/products/price"],
    }
    assert {column: row[column] for column in expected} == expected
    assert json.loads(row["properties"]) == {"repeat": True, "context": {"shelf": 3}}


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        (
            "Viewed Product Category",
            {"list_id": "l", "category": "Deals", "products": [{"product_id": "1"}, {"product_id": "2"}]},
            {
                "name": "product_impression",
                "list_id": "l",
                "list_category": "Deals",
                "list_name": "Deals",
                "items.product_id": ["1", "2"],
            },
        ),
        (
            "product list filtered",
            {"list_id": "l", "filters": [{"type": "brand", "value": "A"}], "sorts": [{"type": "price", "value": "desc"}]},
            {"name": "product_impression", "list_filters": {"brand": "A"}, "list_sorts": {"price": "desc"}},
        ),
        ("Products Searched", {"query": "roses", "result_count": 7}, {"search_query": "roses", "search_result_count": 7}),
        ("Product Added", {"product_id": "p", "cart_id": "k", "currency": "EUR"}, {"cart_id": "k", "currency": "EUR"}),
        ("Cart Viewed", {"cart_id": "k", "value": 5}, {"name": "cart_viewed", "cart_value": Decimal(5)}),
        (
            "Checkout Step Completed",
            {"checkout_id": "c", "step": 2, "shipping_method": "parcel", "payment_method": "card"},
            {"name": "checkout_step", "checkout_step": 2, "shipping_method": "parcel", "payment_method": "card"},
        ),
        (
            "Promotion Clicked",
            {"promotion_id": "p", "name": "Sale", "creative": "top", "position": "hero"},
            {"promotion_id": "p", "promotion_name": "Sale", "promotion_creative": "top", "promotion_slot": "hero"},
        ),
        ("Coupon Applied", {"coupon_id": "may", "discount": 5}, {"coupon": "may", "order_discount": Decimal(5)}),
        ("Newsletter", {"place": "footer"}, {"name": "custom:Newsletter", "warnings": []}),
    ],
)
def test_an_event_of_the_specification_is_a_canonical_row(
    world: LoaderWorld, name: str, properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    load(world, call(event=name, properties=properties), route="track")
    row = world.one("*")
    assert {column: row[column] for column in expected} == expected


def test_a_call_and_the_same_native_event_are_the_same_row(world: LoaderWorld) -> None:
    shown = "name, items.product_id, items.price, items.quantity, items.currency, order_id, order_value, currency, page_path"
    item = {"product_id": "p", "price": 19.99, "quantity": 2}
    page = {"url": "https://shop.example/thanks", "title": "Thanks"}
    world.spool(
        [
            event(
                name="order_completed",
                page=page,
                items=[item | {"currency": "EUR"}],
                order={"order_id": "o", "value": 44.88, "currency": "EUR"},
            )
        ]
    )
    properties = {"order_id": "o", "total": 44.88, "currency": "EUR", "products": [item]}
    load(world, call(event="Order Completed", properties=properties, context={"page": page}))
    native, segment = world.rows(shown)
    assert native == segment


def test_a_page_view_and_people_are_rows_too(world: LoaderWorld) -> None:
    page = {"url": "https://shop.example/p/1?utm_source=n", "title": "Tee", "referrer": "https://g.example/"}
    load(
        world,
        {"type": "page", "messageId": "1", "anonymousId": "a", "properties": page, "category": "Catalogue"},
        {
            "type": "identify",
            "messageId": "2",
            "anonymousId": "a",
            "userId": "u",
            "traits": {"plan": "pro", "email": "a@b.example"},
        },
        {"type": "alias", "messageId": "3", "previousId": "a", "userId": "u"},
        {"type": "group", "messageId": "4", "userId": "u", "groupId": "g", "traits": {"size": 7}},
    )
    pid = PSEUDONYMS.customer_pid(world.tenant_id, "u")
    rows = world.rows(
        "name, anonymous_id, customer_pid, previous_id, group_id, page_path, page_type, traits", order="client_event_id"
    )
    assert [row[:-1] for row in rows] == [
        ("page_viewed", "a", "", "", "", "/p/1", "Catalogue"),
        ("identify", "a", pid, "", "", "", ""),
        ("alias", "", pid, "a", "", "", ""),
        ("group", "", pid, "", "g", "", ""),
    ]
    assert json.loads(rows[1][-1]) == {"plan": "pro"}
    assert "a@b.example" not in str(world.rows("*"))
    assert "personal_data_removed" in world.rows("warnings", order="client_event_id")[1][0]


def test_a_retry_is_a_repeat_whatever_the_client_changed_on_the_way(world: LoaderWorld) -> None:
    given, unnamed = call("ajs-next-1-b9", context=CONTEXT), call(None)
    load(world, given, unnamed)
    load(world, given | {"_metadata": {"tries": 2}}, unnamed | {"sentAt": iso(time.time() + 5)}, sent_at=time.time() + 5)
    assert world.ledger() == (4, 2, 2, 0, 0)
    assert world.letters() == []


def test_an_id_that_is_no_uuid_is_one_made_of_it_and_stays_as_the_clients(world: LoaderWorld) -> None:
    load(world, call("node-next-1795346235327-873b3f0c"))
    row = world.one("event_id, client_event_id")
    assert row["client_event_id"] == "node-next-1795346235327-873b3f0c"
    assert row["event_id"].version == 5


def test_a_call_that_cannot_be_used_is_a_letter_and_can_be_replayed(world: LoaderWorld) -> None:
    load(world, call("good"), {"messageId": "bad", "userId": "u"}, "text", {"type": "track", "userId": "u"})
    assert world.letters() == [
        ("missing_name", "/batch/3/event"),
        ("missing_type", "/batch/1/type"),
        ("not_an_object", "/batch/2"),
    ]
    assert world.ledger() == (4, 1, 0, 3, 0)
    assert replay(world.client, world.settings, Selection(tenant=world.tenant_id)).total() == 3
    world.load()
    assert len(world.letters()) == 3
    assert world.ledger() == (7, 1, 0, 6, 0)


def test_a_body_that_cannot_be_read_is_one_letter_that_says_why(world: LoaderWorld) -> None:
    world.spool(b'{"batch": 5}', protocol="segment", flags=RecordFlags.MALFORMED, headers={"gxy-route": "batch"})
    world.load()
    assert world.letters("reason, pointer") == [("malformed_body", "/batch")]
    assert [content.raw for content in world.contents()] == [b'{"batch": 5}']


def test_a_secret_key_says_whose_address_and_user_agent_it_is(world: LoaderWorld) -> None:
    load(world, call(context=CONTEXT), flags=RecordFlags.TRUSTED)
    assert world.rows("ip_truncated, user_agent") == [("203.0.113.0", "Mozilla/5.0 (its own)")]
    assert world.ledger() == (1, 1, 0, 0, 0)


def test_a_clock_that_is_wrong_is_corrected_by_when_it_says_it_sent(world: LoaderWorld) -> None:
    wrong = time.time() - 3600
    load(world, call(originalTimestamp=iso(wrong - 1), sentAt=iso(wrong)) | {"timestamp": None}, route="track")
    row = world.one("time_source, abs(event_time - received_at) < 60 as is_near, sent_at is not null as is_sent")
    assert row == {"time_source": "client_adjusted", "is_near": True, "is_sent": True}


@pytest.mark.skipif(not RECORDINGS.exists(), reason="the recorded requests are not here")
def test_every_recorded_call_is_a_row_without_a_warning_or_a_letter(world: LoaderWorld) -> None:
    number = 0
    for line in RECORDINGS.read_text().splitlines():
        recorded = json.loads(line)
        if "/v1/" in recorded["p"] and recorded["m"] == "POST":
            headers = {"user-agent": "recorded", "gxy-route": "batch"}
            world.spool(recorded["b"].encode(), protocol="segment", headers=headers, received_ns=int(recorded["t"] * 1e9))
            number += 1
    world.load()
    accepted, inserted, repeats, rejected, dropped = world.ledger()
    assert (accepted, rejected, dropped) == (26, 0, 0)
    assert inserted + repeats == accepted
    assert repeats == 2  # one batch was sent three times
    assert {warning for (found,) in world.rows("warnings") for warning in found} <= {"personal_data_removed"}
