"""What becomes of events when a shopper leaves: tabs closed at once, pages left in a hurry, visitors who come back."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.clients.browser import BROWSERS, RUDDER_BROWSER, BrowserClient, Tab
from tests.clients.front import Front, hang
from tests.clients.journey import calls_on, say, stored
from tests.clients.shopper import expected_names, shopper
from tests.clients.ways import kept_alive
from tests.clients.world import ClientWorld
from tests.service.ingest_process import until

LANDING, *_, THANKS = shopper()["pages"]
each_page = pytest.mark.parametrize("client", BROWSERS, ids=lambda client: client.name)


def is_ready(tab: Tab, client: BrowserClient) -> None:
    """The tracker has loaded: before that, its calls live in the page alone."""
    if client.name == "segment":
        tab.page.evaluate("() => analytics.ready()")
    if client.name == "rudder":
        tab.page.evaluate("() => new Promise((done) => analytics.ready(done))")


@each_page
@pytest.mark.parametrize("leave", ["close the tab", "go elsewhere"])
def test_a_purchase_right_before_leaving_arrives_with_the_clients_option_for_it(
    world: ClientWorld, browser: Browser, front: Front, client: BrowserClient, leave: str
) -> None:
    tenant = world.tenant()
    with Front(page=client.page) as shop, Front(page=client.page) as elsewhere:
        tab = Tab(browser, shop.url, front.url, tenant.key, **kept_alive(client))
        tab.open(THANKS)
        view, purchase = calls_on(client, THANKS)
        tab.call(view)
        if client is not RUDDER_BROWSER:  # its beacon waits for the page's end with everything
            say(tab, front, [], 1)
        is_ready(tab, client)
        tab.call(purchase)
        tab.page.wait_for_timeout(client.takes_ms)
        if leave == "close the tab":
            tab.close_tab()
        else:
            tab.page.goto(elsewhere.url + "/")
        until(lambda: stored(front) == 2, f"the purchase; {front.statuses()} {tab.console}")
        tab.close()
    world.settle()
    tenant.holds_once(2)


@pytest.mark.parametrize(
    "client",
    [pytest.param(one, marks=[pytest.mark.slow] if one is RUDDER_BROWSER else [], id=one.name) for one in BROWSERS],
)
def test_what_a_closed_tab_could_not_send_arrives_when_the_visitor_comes_back(
    world: ClientWorld, browser: Browser, front: Front, client: BrowserClient
) -> None:
    """The network fails while the tab is open; the client's own storage keeps the events, without any option."""
    tenant = world.tenant()
    with Front(page=client.page) as shop:
        tab = Tab(browser, shop.url, front.url, tenant.key)
        tab.open(THANKS)
        is_ready(tab, client)
        front.outage(hang(0.1))
        tab.call(*calls_on(client, THANKS))
        until(lambda: bool(front.events()), "the attempt that fails")
        tab.page.wait_for_timeout(300)
        tab.close_tab()
        front.recover()
        tab.reopen()
        tab.open(LANDING)
        tab.call(*calls_on(client, LANDING))
        until(lambda: stored(front) >= 3, f"all three; {front.statuses()} {tab.console}")
        tab.close()
    world.settle()
    tenant.holds_once(3)
    assert sorted(row["name"] for row in tenant.rows_now("name")) == ["order_completed", "page_viewed", "page_viewed"]


@each_page
def test_a_shopper_in_a_hurry_leaves_every_event_once(world: ClientWorld, browser: Browser, client: BrowserClient) -> None:
    """Pages are left while their requests run: a client that is not sure sends again, and the service knows the event."""
    with ExitStack() as stack:
        front = stack.enter_context(Front(world.ingest.url))
        shop = stack.enter_context(Front(page=client.page))
        tenant = world.tenant()
        tab = Tab(browser, shop.url, front.url, tenant.key)
        for page in shopper()["pages"]:
            tab.open(page)
            is_ready(tab, client)
            tab.call(*calls_on(client, page))
        until(lambda: stored(front) == len(expected_names()), f"all events; {stored(front)} {tab.console}")
        tab.close()
    world.settle()
    tenant.holds_once(len(expected_names()))
