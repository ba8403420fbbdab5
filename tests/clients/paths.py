"""Tells the shopper's path in every way, against one world: servers all at once, pages one after the other when asked for."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser

from tests.clients.browser import BrowserClient
from tests.clients.driver import Running
from tests.clients.front import Front
from tests.clients.journey import server_calls, stored, walk
from tests.clients.native import send_native
from tests.clients.sent import forgotten
from tests.clients.ways import NUMBER, SERVER_WAYS, PageWay, ServerWay
from tests.clients.world import ClientWorld, Tenant
from tests.service.ingest_process import until


@dataclass(frozen=True)
class Told:
    """The path as it was told: whose it is, and what went over the wire."""

    tenant: Tenant
    front: Front


class Paths:
    """What was told so far, by the name of the way. The stack closes the servers in front."""

    def __init__(self, world: ClientWorld, stack: ExitStack) -> None:
        self._world = world
        self._stack = stack
        self._running: dict[str, Running] = {}
        self.told: dict[str, Told] = {"native": self._new()}

    def start_servers(self) -> None:
        """Begin every way of a server's client."""
        send_native(self.told["native"].front.url, self.told["native"].tenant.key)
        for way in SERVER_WAYS:
            told = self.told[way.name] = self._new()
            if way.repeats:
                told.front.outage(forgotten(way.repeats))
            job = {"pause_ms": 2, **way.options}
            self._running[way.name] = way.client.start(told.front.url, told.tenant.key, server_calls(way.client), **job)

    def native(self) -> Told:
        """The protocol that the others are compared with."""
        self._world.settle()
        return self.told["native"]

    def of_server(self, way: ServerWay) -> Told:
        """The path as told that way, loaded."""
        if running := self._running.pop(way.name, None):
            report = running.report()
            assert (report.delivered, report.failed) == (NUMBER, 0), report
            assert way.repeats or report.errors == []
            self._world.settle()
        return self.told[way.name]

    def of_page(self, way: PageWay, browser: Browser) -> Told:
        """The path as told that way, loaded."""
        if way.name not in self.told:
            told = self._new(way.client if way.is_same_origin else None)
            shop = told.front if way.is_same_origin else self._stack.enter_context(Front(page=way.client.page))
            tab = walk(browser, way.client, told.front, shop.url, told.tenant.key, **options_of(way, told.tenant.key))
            until(
                lambda: stored(told.front) == NUMBER, f"{NUMBER} events, {stored(told.front)} are stored: {told.front.statuses()}"
            )
            tab.close()
            self._world.settle()
            self.told[way.name] = told
        return self.told[way.name]

    def _new(self, client: BrowserClient | None = None) -> Told:
        front = self._stack.enter_context(Front(self._world.ingest.url, client.page if client else None))
        return Told(self._world.tenant(), front)


def options_of(way: PageWay, key: str) -> dict[str, Any]:
    """The way's options, with the tenant's key where they name it."""
    options: dict[str, Any] = json.loads(json.dumps(way.options).replace("{key}", key))
    return options
