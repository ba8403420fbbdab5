"""Takes a shopper along the path with a client, at a person's pace: what a page has to say is sent before the next one opens."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.clients.browser import BrowserClient, Tab
from tests.clients.driver import Driver
from tests.clients.front import Front
from tests.clients.idioms import Call, plugin_action, segment_action, segment_calls, snowplow_calls
from tests.clients.sent import answers_by_id
from tests.clients.shopper import shopper
from tests.service.ingest_process import until

LAST_PATH = shopper()["pages"][-1]["path"]
LOOK_MS = 100  # a person looks at a page at least so long: the tracker has read the answer by then


def server_calls(driver: Driver) -> list[Call]:
    """The path in the words of a server's client."""
    return snowplow_calls() if driver.family == "snowplow" else segment_calls()


def calls_on(client: BrowserClient, page: dict[str, object]) -> list[Call]:
    """What the script of one page calls."""
    actions: list[dict[str, object]] = page["actions"]  # type: ignore[assignment]
    if client.family == "snowplow":
        return [{"call": "trackPageView", "argument": {}}, *(plugin_action(action) for action in actions)]
    return [{"call": "page"}, *(segment_action(action) for action in actions)]


def stored(front: Front) -> int:
    """Events that were answered 200 so far."""
    return sum(200 in answers for answers in answers_by_id(front).values())


def walk(browser: Browser, client: BrowserClient, front: Front, shop: str, key: str, **options: object) -> Tab:
    """Walk the path in a browser and close the tab right after the purchase. The visitor's browser stays open."""
    tab = Tab(browser, shop, front.url, key, **options)
    told = 0
    for page in shopper()["pages"]:
        tab.open(page)
        *before, last = calls_on(client, page)
        told += len(before)
        say(tab, front, before, told)
        if page["path"] == LAST_PATH:
            tab.call(last)
            tab.page.wait_for_timeout(client.takes_ms)
            tab.close_tab()
        else:
            told += 1
            say(tab, front, [last], told)
    return tab


def say(tab: Tab, front: Front, calls: list[Call], told: int) -> None:
    """Make calls and stay until all that was told so far is stored and the tracker knows it."""
    tab.call(*calls)
    until(lambda: stored(front) >= told, f"{told} events, {stored(front)} are stored; {tab.console}")
    tab.page.wait_for_timeout(LOOK_MS)
