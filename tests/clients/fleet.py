"""Many clients at once, each with a tenant and a `Front` of its own: they meet the same trouble and must all come through.

What trouble, and what must hold after it, belongs to the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser

from tests.clients.browser import BROWSERS, SNOWPLOW_BROWSER, BrowserClient, Tab
from tests.clients.driver import DRIVERS, Driver, Report, Running
from tests.clients.front import Fault, Front, Plan
from tests.clients.idioms import Call, plugin_action, small_calls
from tests.clients.journey import stored
from tests.clients.shopper import shopper
from tests.clients.world import ClientWorld, Tenant
from tests.service.ingest_process import until

ONE_BY_ONE: dict[str, dict[str, Any]] = {
    "snowplow-node": {"emitter": {"bufferSize": 1}},
    "snowplow-python": {"emitter": {"batch_size": 1}},
    "segment-node": {"flushAt": 1},
    "segment-python": {"upload_size": 1},
    "rudder-node": {"flushAt": 1},
    "rudder-python": {"upload_size": 1},
}
"""The option of each client that sends every event by itself."""
PATIENT: dict[str, dict[str, Any]] = {"rudder-node": {"retryCount": 8}}
"""Three tries within a second are all that this client makes by default: then it drops the batch."""
NUDGE = "() => snowplowBrowserTracking.flushBuffer()"
"""Snowplow's emitter tries again when the page gives it a reason: another event, a hidden tab, or this call."""


@dataclass
class Member:
    """One client of the fleet."""

    name: str
    tenant: Tenant
    front: Front
    running: Running | None = None
    tab: Tab | None = None
    report: Report | None = None


class Fleet:
    """The clients, started together. Leaving the context closes everything."""

    def __init__(self, world: ClientWorld, number: int) -> None:
        self._world = world
        self.number = number
        self.members: list[Member] = []
        self._stack = ExitStack()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            if member.tab:
                member.tab.close()
            if member.running:
                member.running.kill()
        self._stack.close()

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def add_servers(self, trouble: Fault | Plan | None = None, *, drivers: tuple[Driver, ...] = DRIVERS, **policy: Any) -> None:
        """A member for each server-side client, its tenant with this policy and its front with this trouble."""
        for driver in drivers:
            self._member(driver.name, trouble, policy)

    def start_servers(
        self, *, pause_ms: int = 0, seconds: float = 60.0, options: dict[str, dict[str, Any]] | None = None
    ) -> None:
        """Let them all send `number` events."""
        drivers = {driver.name: driver for driver in DRIVERS}
        for member in self.members:
            if driver := drivers.get(member.name):
                given = (options or {}).get(driver.name, {})
                calls = small_calls(driver.family, self.number)
                front, key = member.front, member.tenant.key
                member.running = driver.start(front.url, key, calls, pause_ms=pause_ms, seconds=seconds, **given)

    def add_pages(
        self,
        browser: Browser,
        trouble: Fault | Plan | None = None,
        options: dict[str, dict[str, Any]] | None = None,
        **policy: Any,
    ) -> None:
        """A tab for each browser client, on a page of a shop of another origin; it has loaded and sent nothing yet."""
        for client in BROWSERS:
            member = self._member(client.name, trouble, policy)
            shop = self._stack.enter_context(Front(page=client.page))
            member.tab = Tab(browser, shop.url, member.front.url, member.tenant.key, **(options or {}).get(client.name, {}))
            member.tab.open(shopper()["pages"][1])

    def start_pages(self) -> None:
        """Let every page call its tracker `number` times."""
        for member in self.members:
            if member.tab:
                client = next(one for one in BROWSERS if one.name == member.name)
                member.tab.call(*page_calls(client, self.number))

    def start(self, *, pause_ms: int = 0) -> None:
        """Everything at once, with the options that make a client wait for a service as long as it can."""
        self.start_servers(pause_ms=pause_ms, options=PATIENT)
        self.start_pages()

    def recover(self) -> None:
        for member in self.members:
            member.front.recover()

    def finish(self, seconds: float = 60.0) -> None:
        """Until every client has delivered everything: servers say so themselves, of pages the front knows."""
        for member in self.members:
            if member.running:
                member.report = member.running.report()
        until(self._are_pages_done, f"pages: {[(m.name, stored(m.front)) for m in self.members if m.tab]}", seconds)
        self._world.settle()

    def _are_pages_done(self) -> bool:
        waiting = [member for member in self.members if member.tab and stored(member.front) < self.number]
        for member in waiting:
            assert member.tab
            nudge(member.name, member.tab)
        return not waiting

    def _member(self, name: str, trouble: Fault | Plan | None, policy: dict[str, Any]) -> Member:
        front = self._stack.enter_context(Front(self._world.ingest.url))
        if trouble:
            front.outage(trouble)
        member = Member(name, self._world.tenant(**policy), front)
        self.members.append(member)
        return member


def nudge(name: str, tab: Tab) -> None:
    """Give a page's tracker the reason that it waits for, if it waits for one, and some time."""
    if name == SNOWPLOW_BROWSER.name:
        tab.page.evaluate(NUDGE)
    tab.page.wait_for_timeout(100)


def page_calls(client: BrowserClient, number: int) -> list[Call]:
    """`number` product views as a page calls its tracker."""
    if client.family == "segment":
        return small_calls("segment", number)
    item = shopper()["pages"][1]["actions"][0]["items"][0]
    return [plugin_action({"do": "product_view", "item": item | {"id": str(1000 + n)}}) for n in range(number)]
