"""What the storefront sends from a real browser: right, complete, in order, and still so when the tab is closed at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tracker.shop_server import WRITE_KEY, Answer, Request, ShopServer, entities, spoken, word_of
from tests.tracker.shop_walk import CUSTOMER_TYPED, LANDING, WORDS, Walk, agree_before, at, visitor, walk

Event = dict[str, str]
NOTE_WRITES = """
    window.writes = [];
    const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    const write = (value) => { writes.push(value); set.call(document, value); };
    Object.defineProperty(document, 'cookie', { get: () => get.call(document), set: write });
    const setItem = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) { writes.push(key); setItem.call(this, key, value); };
"""
"""Whatever is written to the device, even for a moment, is noted."""


def is_ping_of_last_page(events: list[Event]) -> bool:
    """Whether attention to the thank-you page arrived: the tab's last words."""
    return any(event["e"] == "pp" and "/thanks/" in event["url"] for event in events)


def in_order(events: list[Event]) -> list[Event]:
    """Events as they happened: requests of a closing page may overtake each other."""
    return sorted(events, key=index_of)


def index_of(event: Event) -> int:
    """The event's place in its session, as the browser counted."""
    return int(entities(event, "client_session")[0]["eventIndex"])


def indices(events: list[Event]) -> list[int]:
    return sorted(map(index_of, events))


@dataclass
class Recorded:
    """One walk by a visitor who agreed before, and all that arrived of it, in order."""

    walk: Walk
    events: list[Event]
    requests: list[Request]


@pytest.fixture(scope="module")
def recorded(browser: Browser, storefront: Path) -> Iterator[Recorded]:
    with ShopServer(storefront) as shop, visitor(browser) as page:
        agree_before(page)
        done = walk(page, shop.url)
        shop.wait_for(is_ping_of_last_page)
        yield Recorded(done, in_order(shop.events), shop.requests)


def test_a_walk_arrives_whole_once_and_without_a_gap_though_the_tab_is_closed(recorded: Recorded) -> None:
    events = recorded.events
    assert indices(events) == list(range(1, len(events) + 1))
    assert len({entities(event, "client_session")[0]["sessionId"] for event in events}) == 1
    assert len({event["eid"] for event in events}) == len(events)
    assert len({event["duid"] for event in events}) == 1
    assert events[-1]["e"] == "pp"
    assert {request.path for request in recorded.requests} == {f"/s/{WRITE_KEY}/tp2"}


def test_a_walk_says_each_action_once_in_order_with_its_entities(recorded: Recorded) -> None:
    done, events = recorded.walk, recorded.events
    once = [word_of(event) for event in events if event["e"] == "ue"]
    assert [word for word in once if word != "list_view"] == [word for word in WORDS if word != "list_view"]
    by_word = {word_of(event): event for event in events}
    click = entities(by_word["list_click"], "product")[0]
    assert (click["id"], click["position"], click["category"]) == (done.first_product, 1, "Home/Ceramics")
    assert spoken(by_word["list_click"])["data"]["name"] == done.list_name
    assert entities(by_word["product_view"], "product")[0]["id"] == done.first_product
    adds = [event for event in events if word_of(event) == "add_to_cart"]
    assert [entities(event, "product")[0]["id"] for event in adds] == [done.first_product, done.second_product]
    assert [entities(event, "cart")[0]["total_value"] for event in adds] == [64, 153]
    assert spoken(by_word["site_search"])["data"] == {"terms": [done.query], "totalResults": 1, "pageResults": 1}
    assert len(entities(by_word["cart_view"], "product")) == 2


def test_the_checkout_and_the_order_carry_amounts_and_nothing_personal(recorded: Recorded) -> None:
    done, events = recorded.walk, recorded.events
    steps = [entities(event, "checkout_step")[0] for event in events if word_of(event) == "checkout_step"]
    assert steps == [
        {"step": 1, "account_type": "guest"},
        {"step": 2, "account_type": "guest", "delivery_method": "standard"},
        {"step": 3, "account_type": "guest", "delivery_method": "standard", "payment_method": "card", "coupon_code": "HEARTH10"},
    ]
    order = next(event for event in events if word_of(event) == "transaction")
    assert entities(order, "transaction") == [
        {
            "transaction_id": done.order_id,
            "revenue": float(done.total),
            "currency": "EUR",
            "payment_method": "card",
            "total_quantity": 2,
            "tax": float(done.tax),
            "shipping": 0,
            "discount_code": "HEARTH10",
            "discount_amount": float(done.discount),
        }
    ]
    assert [product["id"] for product in entities(order, "product")] == [done.first_product, done.second_product]
    assert not [value for value in CUSTOMER_TYPED if value in json.dumps(events)]


def test_pages_are_named_with_title_referrer_and_campaign(recorded: Recorded) -> None:
    events = recorded.events
    views = [event for event in events if event["e"] == "pv"]
    assert [(urlsplit(event["url"]).path, event["page"].split(" · ")[0]) for event in views[:6]] == [
        ("/", "Hearth & Hollow"),
        ("/c/ceramics", "Ceramics"),
        ("/p/4/tidal-vase", "Tidal vase"),
        ("/search", "“table lamp”"),
        ("/cart", "Cart"),
        ("/checkout", "Checkout"),
    ]
    assert parse_qs(urlsplit(views[0]["url"]).query) == parse_qs(urlsplit(LANDING).query)
    assert [event["refr"] for event in views[1:]] == [event["url"] for event in views[:-1]]
    ids = [entities(event, "web_page")[0]["id"] for event in views]
    assert len(set(ids)) == len(views) == 7
    places = {page_id: (view["url"], view.get("refr")) for page_id, view in zip(ids, views, strict=True)}
    for event in events:
        assert (event["url"], event.get("refr")) == places[entities(event, "web_page")[0]["id"]], word_of(event)


def test_each_product_is_an_impression_once_per_list_and_page_view(recorded: Recorded) -> None:
    events = recorded.events
    seen = [
        (entities(event, "web_page")[0]["id"], spoken(event)["data"]["name"], product["id"])
        for event in events
        if word_of(event) == "list_view"
        for product in entities(event, "product")
    ]
    assert len(seen) == len(set(seen))
    assert {product for _, name, product in seen if name == "Ceramics"} == {"4", "5", "6"}
    lists = [spoken(event)["data"]["name"] for event in events if word_of(event) == "list_view"]
    assert lists.count("Ceramics") == 1


def test_attention_is_told_for_every_page_and_to_the_last_second(recorded: Recorded) -> None:
    events = recorded.events
    pings = [event for event in events if event["e"] == "pp"]
    engaged = {urlsplit(event["url"]).path.split("/")[1]: entities(event, "engagement")[0]["engaged_ms"] for event in pings}
    assert {"", "c", "search", "thanks"} <= set(engaged)
    assert 1000 <= engaged["thanks"] <= 4000


def test_what_was_refused_when_the_tab_closed_arrives_with_the_next_visit(page: Page, shop: ShopServer) -> None:
    agree_before(page)
    shop.answers = [Answer(429, {"Retry-After": "60"})] * 9
    page.goto(shop.url + LANDING)
    page.wait_for_timeout(1500)
    page.close()
    assert shop.events == []
    lost = {event["eid"] for request in shop.requests for event in request.events}
    shop.answers = []
    page.context.new_page().goto(f"{shop.url}/privacy")
    shop.wait_for(lambda events: lost <= {event["eid"] for event in events})
    assert len({event["eid"] for event in shop.events}) == len(shop.events)


def test_a_tab_closed_during_a_slow_request_loses_nothing_and_repeats_nothing(page: Page, shop: ShopServer) -> None:
    agree_before(page)
    shop.answers = [Answer(200, delay=2.0)]
    page.goto(shop.url + LANDING)
    page.wait_for_timeout(1500)  # the first request is under way
    at(page, "quick-add").first.click()
    page.close()
    shop.wait_for(lambda events: {"pv", "add_to_cart"} <= set(map(word_of, events)))
    assert indices(shop.events) == list(range(1, len(shop.events) + 1))


def test_before_consent_the_device_stays_empty_and_no_event_says_who(page: Page, shop: ShopServer) -> None:
    page.add_init_script(NOTE_WRITES)
    page.goto(shop.url + LANDING)
    at(page, "nav-living").click()
    shop.wait_for(lambda events: [event["e"] for event in events].count("pv") == 2)
    assert page.evaluate("writes") == []
    assert page.context.cookies() == []
    assert {request.headers.get("sp-anonymous") for request in shop.requests} == {"*"}
    assert not [event for event in shop.events if {"duid", "sid", "uid"} & set(event) or entities(event, "client_session")]


def test_agreeing_begins_a_session_that_knows_its_campaign_and_withdrawing_ends_it(page: Page, shop: ShopServer) -> None:
    page.goto(shop.url + LANDING)
    at(page, "nav-living").click()
    expect(page).to_have_title("Living · Hearth & Hollow")
    at(page, "consent-accept").click()
    shop.wait_for(lambda events: "consent_preferences" in map(word_of, events))
    granted = next(event for event in shop.events if word_of(event) == "consent_preferences")
    assert spoken(granted)["data"]["eventType"] == "allow_selected"
    assert index_of(granted) == 1
    assert urlsplit(granted["url"])._replace(scheme="", netloc="").geturl() == LANDING.replace("/", "/c/living", 1)
    assert {cookie["name"].split(".")[0] for cookie in page.context.cookies()} == {"_gx_id", "_gx_ses"}
    at(page, "nav-privacy").click()
    at(page, "consent-withdraw").click()
    shop.wait_for(lambda events: [word_of(event) for event in events].count("consent_preferences") == 2)
    assert page.context.cookies() == []


def test_requests_carry_no_cookie_of_the_shop_and_a_blocked_way_harms_no_page(page: Page, shop: ShopServer) -> None:
    page.context.add_cookies([{"name": "shop_login", "value": "secret", "url": shop.url}])
    agree_before(page)
    page.goto(shop.url + LANDING)
    shop.wait_for(len)
    assert not [request for request in shop.requests if "cookie" in request.headers]
    page.route("**/s/**", lambda route: route.abort())
    page.goto(f"{shop.url}/p/4")
    at(page, "add-to-cart").click()
    expect(at(page, "cart-count")).to_have_text("1")


def test_the_script_file_alone_makes_a_tracker(page: Page, shop: ShopServer, tracker: Path) -> None:
    page.route("**/plain*", lambda route: route.fulfill(content_type="text/html", body="<title>Plain</title><p>No bundler here"))
    page.goto(f"{shop.url}/plain?utm_source=letter")
    page.add_script_tag(path=tracker / "dist" / "gxy.js")
    page.evaluate(
        f"gxy.createTracker({{ writeKey: '{WRITE_KEY}', endpoint: '/s', consent: 'granted', lingerMs: 0 }}).pageViewed()"
    )
    shop.wait_for(len)
    assert (shop.events[0]["e"], shop.events[0]["page"]) == ("pv", "Plain")
    assert index_of(shop.events[0]) == 1
