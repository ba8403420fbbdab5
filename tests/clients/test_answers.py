"""Each answer of the service, and what the client that it is for makes of it: the table of status codes, row by row.

Outages have a file of their own; here the service itself says no, and means it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.clients.browser import BROWSERS, BrowserClient, Tab
from tests.clients.driver import DRIVERS, SEGMENT_NODE, Driver
from tests.clients.fleet import ONE_BY_ONE, Fleet, nudge, page_calls
from tests.clients.front import Exchange, Front, tamper
from tests.clients.idioms import small_calls
from tests.clients.journey import stored
from tests.clients.sent import deliveries, ids_of, sent_again_although_stored
from tests.clients.shopper import shopper
from tests.clients.world import ClientWorld
from tests.service.ingest_process import until

MAX_BODY_BYTES = 20_000
TOO_LARGE = {"snowplow": 400, "segment": 413}
"""Snowplow's clients try everything but five codes again, at the head of their queue: a 413 would stop it for good."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, clickhouse_server: EmbeddedClickHouse) -> Iterator[ClientWorld]:
    running = ClientWorld(tmp_path_factory.mktemp("answers"), clickhouse_server.url, GXY_MAX_BODY_BYTES=str(MAX_BODY_BYTES))
    running.start()
    yield running
    running.stop()


def each(clients: tuple[Driver, ...] | tuple[BrowserClient, ...]) -> pytest.MarkDecorator:
    name = "driver" if isinstance(clients[0], Driver) else "client"
    return pytest.mark.parametrize(name, clients, ids=lambda client: client.name)


def documents(client: BrowserClient, key: str, front: Front) -> dict[str, Any]:
    """Where events go, told by the page itself: for a wrong key the service has no such document."""
    if client.name == "segment":
        segment = {"apiKey": key, "apiHost": f"{front.url.removeprefix('http://')}/v1", "protocol": "http"}
        return {"cdnSettings": {"integrations": {"Segment.io": segment}}}
    source = {"id": "s", "name": "s", "writeKey": key, "workspaceId": "w", "enabled": True, "config": {}, "destinations": []}
    return {"source": {"source": source}} if client.name == "rudder" else {}


class Page:
    """A browser client on a page of a shop, and how it fares."""

    def __init__(self, browser: Browser, client: BrowserClient, front: Front, key: str) -> None:
        self.client = client
        self.front = front
        self.shop = Front(page=client.page)
        self.shop.__enter__()
        self.tab = Tab(browser, self.shop.url, front.url, key, **documents(client, key, front))

    def __enter__(self) -> Page:
        self.tab.open(shopper()["pages"][1])
        return self

    def __exit__(self, *_: object) -> None:
        self.tab.close()
        self.shop.__exit__()

    def send(self, number: int) -> None:
        """Call the tracker, and wait until every event was answered in some way."""
        before = len(deliveries_of(self.front))
        self.tab.call(*page_calls(self.client, number))
        until(lambda: self._is_answered(before + number), f"{number} events; {self.tab.console}")
        self.tab.page.wait_for_timeout(700)  # whoever tries again begins within half a second

    def _is_answered(self, number: int) -> bool:
        nudge(self.client.name, self.tab)
        return len(deliveries_of(self.front)) >= number


def deliveries_of(front: Front) -> list[int]:
    return list(deliveries(front).elements())


@each(DRIVERS)
def test_an_unknown_key_is_401_and_a_server_gives_up(front: Front, driver: Driver) -> None:
    report = driver.run(front.url, "0" * 32, small_calls(driver.family, 3))
    assert (report.is_finished, report.delivered, report.failed) == (True, 0, 3)
    assert set(front.statuses()) == {401}
    assert deliveries(front) == {1: 3}


@each(BROWSERS)
def test_an_unknown_key_is_401_and_a_page_gives_up(browser: Browser, front: Front, client: BrowserClient) -> None:
    with Page(browser, client, front, "0" * 32) as page:
        page.send(3)
    assert set(front.statuses()) == {401}
    assert deliveries(front) == {1: 3}


@each(BROWSERS)
def test_a_page_of_an_origin_that_is_not_listed_is_403_and_gives_up(
    world: ClientWorld, browser: Browser, front: Front, client: BrowserClient
) -> None:
    tenant = world.tenant(origins=("https://shop.example",))
    with Page(browser, client, front, tenant.key) as page:
        page.send(3)
    assert set(front.statuses()) == {403}
    assert deliveries(front) == {1: 3}
    assert tenant.rows("name") == []


@each(BROWSERS)
def test_a_page_of_a_listed_origin_is_welcome(world: ClientWorld, browser: Browser, front: Front, client: BrowserClient) -> None:
    shop = Front(page=client.page)
    with shop, Front(world.ingest.url) as front:
        tenant = world.tenant(origins=(shop.url,))
        tab = Tab(browser, shop.url, front.url, tenant.key)
        tab.open(shopper()["pages"][1])
        tab.call(*page_calls(client, 2))
        until(lambda: stored(front) == 2, f"two events; {tab.console}")
        tab.close()
    world.settle()
    tenant.holds_once(2)


@each(DRIVERS)
def test_a_request_that_is_too_large_costs_its_own_event_and_no_other(world: ClientWorld, front: Front, driver: Driver) -> None:
    tenant = world.tenant()
    calls = small_calls(driver.family, 5)
    entities = calls[2].get("entities")
    (entities[0]["data"] if entities else calls[2]["properties"])["name"] = "x" * (MAX_BODY_BYTES + 5000)
    report = driver.run(front.url, tenant.key, calls, pause_ms=500, **ONE_BY_ONE[driver.name])
    assert (report.is_finished, report.delivered, report.failed) == (True, 4, 1)
    assert sorted(status or 0 for status in front.statuses()) == [200] * 4 + [TOO_LARGE[driver.family]]
    assert deliveries(front) == {1: 5}
    world.settle()
    tenant.holds_once(4)


UNREADABLE = {
    "snowplow-node": ["malformed_body"],
    "snowplow-python": [],  # its only key is inside of the body: nobody knows whose letter it would be
    "segment-node": ["malformed_body"],
    "segment-python": ["malformed_body"],
    "rudder-node": ["undecodable_body"],
    "rudder-python": ["undecodable_body"],
}
"""The dead letter that half a body becomes; RudderStack's are compressed."""


def half(body: bytes) -> bytes:
    """As a proxy that breaks off hands it on."""
    return body[: len(body) // 2]


@each(DRIVERS)
def test_a_body_that_cannot_be_read_is_400_and_the_client_goes_on(world: ClientWorld, front: Front, driver: Driver) -> None:
    tenant = world.tenant()
    front.next(tamper(half))
    report = driver.run(front.url, tenant.key, small_calls(driver.family, 3), pause_ms=200, **ONE_BY_ONE[driver.name])
    assert (report.is_finished, report.delivered, report.failed) == (True, 2, 1)
    first, *others = front.statuses()
    assert (first, set(others)) == (400, {200})
    assert {"code", "message"} <= json.loads(front.events()[0].answer).keys()
    world.settle()
    assert tenant.letters() == UNREADABLE[driver.name]


def spoil(body: bytes) -> bytes:
    """Take from the second event of a batch what makes it one."""
    told = json.loads(body)
    event = told["data" if "data" in told else "batch"][1]
    for name in ("e", "type"):
        event.pop(name, None)
    return json.dumps(told).encode()


@each(tuple(driver for driver in DRIVERS if not driver.name.startswith("rudder")))
def test_a_batch_with_an_unusable_event_is_200_and_only_that_event_is_a_dead_letter(
    world: ClientWorld, front: Front, driver: Driver
) -> None:
    tenant = world.tenant()
    front.next(tamper(spoil))
    report = driver.run(front.url, tenant.key, small_calls(driver.family, 5))
    assert (report.is_finished, report.delivered, report.failed) == (True, 5, 0)
    assert front.statuses() == [200]
    world.settle()
    tenant.holds_once(4)
    assert len(tenant.letters()) == 1
    assert tenant.ledger()["rejected"] == 1


OVER_QUOTA = {"events_per_second": 2, "events_burst": 4}
HONOURS_RETRY_AFTER = ("segment-node", "segment-python", "rudder-node")


def test_over_its_quota_a_tenant_is_429_with_retry_after_and_every_client_delivers_later(
    world: ClientWorld, browser: Browser
) -> None:
    with Fleet(world, 10) as fleet:
        fleet.add_servers(**OVER_QUOTA)
        fleet.add_pages(browser, **OVER_QUOTA)
        fleet.start()
        fleet.finish(90)
        for member in fleet:
            refused = [exchange for exchange in member.front.events() if exchange.status == 429]
            assert refused, member.name
            assert all(1 <= (exchange.retry_after or 0) <= 60 for exchange in refused)
            assert sent_again_although_stored(member.front) == []
            member.tenant.holds_once(10)
            if member.name in HONOURS_RETRY_AFTER:
                waits_as_told(member.front)


def waits_as_told(front: Front) -> None:
    """A refused event comes again no sooner than its answer asked, or one given since to another request of that client.

    A client sends several batches at once and keeps one clock for all of them: the last answer sets it, and a 200 clears it.
    """
    refused: dict[str, Exchange] = {}
    exchanges = front.events()
    for exchange in exchanges:
        for event_id in ids_of(exchange):
            if before := refused.pop(event_id, None):
                since = [other for other in exchanges if before.over_at - 0.2 <= other.over_at <= exchange.at]
                assert exchange.at >= min(map(free_at, [before, *since])) - 0.2, event_id
            if exchange.status == 429:
                refused[event_id] = exchange


def free_at(exchange: Exchange) -> float:
    """When its answer lets a client send again."""
    return exchange.at + (exchange.retry_after or 0)


@each(BROWSERS)
def test_a_visitor_who_objects_is_answered_200_and_counted_but_not_stored(
    world: ClientWorld, browser: Browser, front: Front, client: BrowserClient
) -> None:
    """Global Privacy Control, as a browser that has it sends it."""
    tenant = world.tenant()
    with Page(browser, client, front, tenant.key) as page:
        page.tab.context.set_extra_http_headers({"Sec-GPC": "1"})
        page.send(3)
    assert set(front.statuses()) == {200}
    assert deliveries(front) == {1: 3}
    assert tenant.rows("name") == []
    assert tenant.ledger()["dropped"] == 3


def test_consent_that_segment_says_is_refused_is_200_and_counted_but_not_stored(world: ClientWorld, front: Front) -> None:
    tenant = world.tenant(consent_required=("analytics",))
    calls = small_calls("segment", 4)
    for call, is_granted in zip(calls, (True, False, True, False), strict=True):
        call["context"] = {"consent": {"categoryPreferences": {"analytics": is_granted}}}
    report = SEGMENT_NODE.run(front.url, tenant.key, calls)
    assert (report.delivered, report.failed) == (4, 0)
    world.settle()
    tenant.holds_once(2)
    assert tenant.ledger()["dropped"] == 2
