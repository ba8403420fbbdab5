"""One shopper's path through every client and protocol: the same rows, the same sessions and funnel, nothing sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.clients.differences import differences_of
from tests.clients.expected import PROJECTION, expected_rows, in_order
from tests.clients.paths import Paths, Told
from tests.clients.sent import sent_again_although_stored
from tests.clients.ways import ANOTHER_ORIGIN, NUMBER, PAGE_WAYS, PLAIN, SERVER_WAYS, STORMS, PageWay, ServerWay
from tests.clients.world import ClientWorld
from tests.warehouse.dbt_world import DbtWorld

Way = ServerWay | PageWay | None
"""None: the native protocol."""
EVERY: tuple[Way, ...] = (None, *SERVER_WAYS, *PAGE_WAYS)


@pytest.fixture(scope="module")
def paths(world: ClientWorld) -> Iterator[Paths]:
    with ExitStack() as stack:
        started = Paths(world, stack)
        started.start_servers()
        yield started


def told_in(ways: tuple[Way, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", ways, ids=lambda way: way.name if way else "native")


@pytest.fixture
def told(way: Way, request: pytest.FixtureRequest, paths: Paths) -> Told:
    if isinstance(way, PageWay):
        return paths.of_page(way, request.getfixturevalue("browser"))
    return paths.of_server(way) if way else paths.native()


@told_in(EVERY)
def test_the_path_is_the_same_rows_whoever_tells_it_and_however(way: Way, told: Told) -> None:
    differences = differences_of(way.client.name) if way else []
    assert in_order(told.tenant.rows_now(PROJECTION)) == expected_rows(differences)


@told_in(EVERY)
def test_the_visit_is_of_one_visitor_and_ends_with_the_purchase(told: Told) -> None:
    rows = told.tenant.rows_now("uniqExact(anonymous_id) as visitors, argMax(name, (event_time, session_seq)) as last")
    assert rows == [{"visitors": 1, "last": "order_completed"}]


@told_in(tuple(way for way in EVERY if way and way not in STORMS))
def test_nothing_that_was_stored_is_sent_again(told: Told) -> None:
    assert sent_again_although_stored(told.front) == []
    assert set(told.front.statuses()) == {200}
    told.tenant.holds_once(NUMBER)
    assert told.tenant.ledger()["deduplicated"] == 0
    assert told.tenant.letters() == []


@told_in(STORMS)
def test_what_was_sent_five_times_is_stored_once(told: Told) -> None:
    told.tenant.holds_once(NUMBER)
    assert told.tenant.ledger()["deduplicated"] == 4 * NUMBER


@told_in(PAGE_WAYS)
def test_a_page_on_another_origin_asks_first_and_one_on_the_same_does_not(way: PageWay, told: Told) -> None:
    routes = {exchange.path for exchange in told.front.events()}
    asked = {exchange.path for exchange in told.front.exchanges if exchange.method == "OPTIONS"}
    assert bool(routes & asked) is not (way.is_same_origin or way.is_simple)


SESSION = (
    "events, page_views, product_views, cart_additions, checkout_events, purchases, order_ids, landing_path, campaign_source"
)
FUNNEL = (
    "sessions, sessions_with_product_view, sessions_with_cart_addition, sessions_reached_checkout, sessions_purchased, visitors"
)


def test_the_path_is_one_session_and_one_way_through_the_funnel_whoever_told_it(
    paths: Paths, browser: Browser, clickhouse_server: EmbeddedClickHouse, tmp_path: Path
) -> None:
    told = {way.name: paths.of_server(way) for way in (*PLAIN, *STORMS)}
    told |= {way.name: paths.of_page(way, browser) for way in ANOTHER_ORIGIN} | {"native": paths.native()}
    with connect(clickhouse_server.url, purpose="client-tests") as client:
        DbtWorld(clickhouse_server, client, tmp_path).build(what=("run", "--select", "+funnel_daily"))
    for name, one in told.items():
        (session,) = one.tenant.rows_now(SESSION, "marts.fct_sessions")
        assert tuple(session.values()) == (NUMBER, 6, 1, 1, 1, 1, ["order-4711"], "/", "newsletter"), name
        assert set(one.tenant.rows_now(FUNNEL, "marts.funnel_daily")[0].values()) == {1}, name
