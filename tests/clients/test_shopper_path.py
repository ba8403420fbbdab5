"""One shopper's path through every client and protocol: the same rows, the same sessions and funnel, nothing sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.clients.browser import BROWSERS, BrowserClient
from tests.clients.differences import differences_of
from tests.clients.driver import DRIVERS, SEGMENT_NODE, SNOWPLOW_PYTHON, Driver, Running
from tests.clients.expected import PROJECTION, expected_rows, in_order
from tests.clients.front import Front
from tests.clients.journey import server_calls, stored, walk
from tests.clients.native import send_native
from tests.clients.sent import forgotten, sent_again_although_stored
from tests.clients.shopper import expected_names
from tests.clients.world import ClientWorld, Tenant
from tests.service.ingest_process import until
from tests.warehouse.dbt_world import DbtWorld

NUMBER = len(expected_names())
SERVERS = [driver.name for driver in DRIVERS]
PAGES = [client.name for client in BROWSERS]
STORMS: dict[Driver, dict[str, Any]] = {SNOWPLOW_PYTHON: {"emitter": {"batch_size": NUMBER}}, SEGMENT_NODE: {"flushAt": NUMBER}}
STORM = "-five-times"
SAME = "-same-origin"
PLACES = [f"{page}{place}" for page in PAGES for place in ("", SAME)]


@dataclass(frozen=True)
class Told:
    """The path as one client told it."""

    tenant: Tenant
    front: Front


class Paths:
    """Every client's path: those of servers run all at once, those of browsers one after the other when they are asked for."""

    def __init__(self, world: ClientWorld, stack: ExitStack) -> None:
        self._world = world
        self._stack = stack
        self.told: dict[str, Told] = {}
        self._running: dict[str, Running] = {}

    def start_servers(self) -> None:
        told = self.told["native"] = self._new()
        send_native(told.front.url, told.tenant.key)
        for driver in DRIVERS:
            told = self.told[driver.name] = self._new()
            self._running[driver.name] = driver.start(told.front.url, told.tenant.key, server_calls(driver), pause_ms=2)

    def start_storms(self) -> None:
        """The path again through two clients, five times over: the answer to each of the first four is an error."""
        for driver, options in STORMS.items():
            told = self.told[driver.name + STORM] = self._new()
            told.front.outage(forgotten(4))
            self._running[driver.name + STORM] = driver.start(told.front.url, told.tenant.key, server_calls(driver), **options)

    def of_server(self, name: str) -> Told:
        told = self.told[name]
        if running := self._running.pop(name, None):
            report = running.report()
            assert (report.delivered, report.failed) == (NUMBER, 0)
            assert name.endswith(STORM) or report.errors == []
        self._world.settle()
        return told

    def of_page(self, name: str, browser: Browser) -> Told:
        if name not in self.told:
            client = next(one for one in BROWSERS if one.name == name.removesuffix(SAME))
            is_same = name.endswith(SAME)
            told = self._new(client if is_same else None)
            shop = told.front if is_same else self._stack.enter_context(Front(page=client.page))
            tab = walk(browser, client, told.front, shop.url, told.tenant.key, **kept_alive(client))
            until(lambda: stored(told.front) == NUMBER, f"{name}: {NUMBER} events, {stored(told.front)} are stored")
            tab.close()
            self._world.settle()
            self.told[name] = told
        return self.told[name]

    def _new(self, client: BrowserClient | None = None) -> Told:
        front = self._stack.enter_context(Front(self._world.ingest.url, client.page if client else None))
        return Told(self._world.tenant(), front)


def kept_alive(client: BrowserClient) -> dict[str, object]:
    """The client's own option for requests that outlive the page."""
    return {
        "snowplow": {"keepalive": True},
        "segment": {"integrations": {"Segment.io": {"deliveryStrategy": {"config": {"keepalive": True}}}}},
        "rudder": {"useBeacon": True, "beaconQueueOptions": {"flushQueueInterval": 300}},
    }[client.name]


@pytest.fixture(scope="module")
def paths(world: ClientWorld) -> Iterator[Paths]:
    with ExitStack() as stack:
        started = Paths(world, stack)
        started.start_servers()
        started.start_storms()
        yield started


@pytest.fixture
def told(request: pytest.FixtureRequest, paths: Paths) -> Told:
    if request.param in PLACES:
        return paths.of_page(request.param, request.getfixturevalue("browser"))
    return paths.of_server(request.param)


@pytest.mark.parametrize("told", ["native", *SERVERS, *PLACES], indirect=True)
def test_the_path_is_the_same_rows_through_every_client(told: Told, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["told"].removesuffix(SAME)
    assert in_order(told.tenant.rows_now(PROJECTION)) == expected_rows(differences_of(name))


@pytest.mark.parametrize("told", [*SERVERS, *PLACES], indirect=True)
def test_nothing_that_was_stored_is_sent_again(told: Told) -> None:
    assert sent_again_although_stored(told.front) == []
    assert set(told.front.statuses()) == {200}
    told.tenant.holds_once(NUMBER)
    assert told.tenant.ledger()["deduplicated"] == 0
    assert told.tenant.letters() == []


@pytest.mark.parametrize("told", PLACES, indirect=True)
def test_a_page_on_another_origin_asks_first_and_one_on_the_same_does_not(told: Told, request: pytest.FixtureRequest) -> None:
    is_same = request.node.callspec.params["told"].endswith(SAME)
    assert any(exchange.method == "OPTIONS" for exchange in told.front.exchanges) is not is_same


@pytest.mark.parametrize("told", ["native", *SERVERS, *PLACES], indirect=True)
def test_the_visit_is_one_visitor_in_the_order_of_the_clicks(told: Told) -> None:
    rows = told.tenant.rows_now("uniqExact(anonymous_id) as visitors, argMax(name, (event_time, session_seq)) as last")
    assert rows == [{"visitors": 1, "last": "order_completed"}]


SESSION = "events, page_views, product_views, cart_additions, checkout_events, purchases, order_ids, landing_path"
FUNNEL = (
    "sessions, sessions_with_product_view, sessions_with_cart_addition, sessions_reached_checkout, sessions_purchased, visitors"
)


def test_the_path_is_one_session_and_one_way_through_the_funnel_whoever_told_it(
    paths: Paths, browser: Browser, clickhouse_server: EmbeddedClickHouse, tmp_path: Path
) -> None:
    for name in PAGES:
        paths.of_page(name, browser)
    for name in ("native", *SERVERS, *(driver.name + STORM for driver in STORMS)):
        paths.of_server(name)
    with connect(clickhouse_server.url, purpose="client-tests") as client:
        DbtWorld(clickhouse_server, client, tmp_path).build(what=("run", "--select", "+funnel_daily"))
    for name, told in paths.told.items():
        (session,) = told.tenant.rows_now(f"{SESSION}, campaign_source", "marts.fct_sessions")
        counted = (NUMBER, 6, 1, 1, 1, 1, ["order-4711"], "/", "newsletter")
        assert tuple(session.values()) == counted, name
        assert set(told.tenant.rows_now(FUNNEL, "marts.funnel_daily")[0].values()) == {1}, name
