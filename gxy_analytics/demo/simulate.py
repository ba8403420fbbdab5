"""Running the simulated world against a running stack: SQL to the backend, then HTTP to the ingest service, day by day.

The world itself is in `world.py`; what was done is returned as an Account.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from itertools import islice
from random import Random

from gxy_analytics.demo.account import Account, TenantAccount
from gxy_analytics.demo.backend import Backend
from gxy_analytics.demo.deliveries import Delivery, Outbox, broken_events, handle
from gxy_analytics.demo.protocols import PROTOCOLS, spoken
from gxy_analytics.demo.registry import BackendRegistry
from gxy_analytics.demo.sender import Answer, Sender
from gxy_analytics.demo.wire import native_form
from gxy_analytics.demo.world import Plan, ShopDay, ShopWorld

EVENTS_A_REQUEST = 400
REQUESTS_IN_FLIGHT = 12  # bounds what is held in memory when the ingest service is slower than the simulator
Progress = Callable[[str, int], None]  # (what is being done, events sent since the last call)


def no_progress(_: str, __: int) -> None:
    """A Progress that shows nothing."""


def simulate(
    plan: Plan, sender: Sender, backend: Backend, write_keys: Mapping[str, str], progress: Progress = no_progress
) -> Account:
    """Play `plan` and return the exact account of it. `write_keys` maps every shop's slug to a key.

    Raises SourceUnreachableError when the ingest service or the backend stops answering.
    """
    started = time.monotonic()
    account = Account()
    shops = [ShopRun(plan, ShopWorld(plan, shop), sender, backend, write_keys[shop.slug], progress) for shop in plan.shops]
    account.tenants = {run.world.shop.slug: run.account for run in shops}
    for days in zip(*(run.world.days() for run in shops), strict=True):
        for run, day in zip(shops, days, strict=True):
            run.play(day)
    for run in shops:
        run.finish()
    account.seconds = time.monotonic() - started
    return account


class ShopRun:
    """One shop's way through the simulation."""

    def __init__(
        self, plan: Plan, world: ShopWorld, sender: Sender, backend: Backend, write_key: str, progress: Progress
    ) -> None:
        self.world = world
        self.account = TenantAccount(world.shop.currency)
        self._plan = plan
        self._sender, self._key, self._progress = sender, write_key, progress
        self._registry = BackendRegistry(backend, world.catalogue)
        self._outbox = Outbox()
        self._in_flight: list[Future[Answer]] = []

    def play(self, shop_day: ShopDay) -> None:
        """Write the day's customers and orders, then send what is due before the day ends."""
        ids = self._registry.record(shop_day)
        for order in shop_day.orders:
            self.account.add_order(order, self.world.zone)
        rng = Random(f"{self.world.seed}/handling/{shop_day.day}")
        for event in shop_day.events:
            handling = handle(event, rng, self._plan.loss)
            if handling.is_lost:
                self.account.lost += 1
                continue
            protocol = spoken(self._plan.protocol, event.session)
            body = protocol.event(native_form(event, self.world.catalogue, ids))
            send_at = event.at_ms + handling.delay_ms
            self._outbox.put(send_at, body, is_late=handling.delay_ms > 0, protocol=protocol)
            if handling.repeat_after_ms is not None:
                self._outbox.put(send_at + handling.repeat_after_ms, body, is_repeat=True, protocol=protocol)
            self.account.order_events += event.name == "order_completed"
        for at_ms, body in broken_events(self.world, shop_day):
            self._outbox.put(at_ms, body, is_broken=True)
        self._send(self._outbox.due(self.world.end_of(shop_day.day) * 1000), f"{self.world.shop.name}, {shop_day.day}")
        self.account.customers = self._registry.customers

    def finish(self) -> None:
        """Send what is still waiting, and wait for every answer."""
        self._send(self._outbox.due(), f"{self.world.shop.name}, late events")
        self._settle(0)

    def _send(self, due: Iterable[Delivery], what: str) -> None:
        waiting = iter(due)
        while batch := list(islice(waiting, EVENTS_A_REQUEST)):
            self._settle(REQUESTS_IN_FLIGHT)
            bodies: dict[str, list[bytes]] = {}
            for delivery in batch:
                bodies.setdefault(delivery.protocol.name, []).append(delivery.body)
                self._count(delivery)
            for name, events in bodies.items():
                self._in_flight.append(self._sender.send(self._key, events, PROTOCOLS[name]))
            self._progress(what, len(batch))

    def _count(self, delivery: Delivery) -> None:
        account = self.account
        account.sent += 1
        account.repeated += delivery.is_repeat
        account.broken += delivery.is_broken
        account.late += delivery.is_late
        account.unique += not (delivery.is_repeat or delivery.is_broken)

    def _settle(self, leave: int) -> None:
        """Wait for the oldest answers until at most `leave` are open."""
        while len(self._in_flight) > leave:
            answer = self._in_flight.pop(0).result()
            self.account.answers.update(answer.statuses)
            self.account.requests += answer.requests
