"""When events are sent, which is not always when they happened: late ones, repeated ones, broken ones, in sending order.

Choosing and ordering only; the HTTP requests are made by `sender.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple
from uuid import uuid5

from gxy_analytics.demo.protocols import NATIVE, Protocol
from gxy_analytics.demo.visits import Event
from gxy_analytics.demo.wire import encode_broken
from gxy_analytics.demo.world import ShopDay, ShopWorld

DAY_MS = 86_400_000
LATE_SHARE = 0.008  # of events: sent one to three days after they happened
REPEATED_SHARE = 0.010  # of events: sent a second time with the same id and content
BROKEN_SHARE = 0.0005  # of events, at least one a day


class Delivery(NamedTuple):
    """One sending of one event. Ordered by `send_at_ms`, then by `number`, which is unique."""

    send_at_ms: int
    number: int
    body: bytes
    is_repeat: bool
    is_late: bool
    is_broken: bool
    protocol: Protocol


@dataclass(frozen=True)
class Handling:
    """What is decided for one event."""

    delay_ms: int
    repeat_after_ms: int | None
    is_lost: bool = False


class Outbox:
    """Deliveries of one shop that wait for their time."""

    def __init__(self) -> None:
        self._waiting: list[Delivery] = []
        self._number = 0

    def put(
        self,
        send_at_ms: int,
        body: bytes,
        *,
        is_repeat: bool = False,
        is_late: bool = False,
        is_broken: bool = False,
        protocol: Protocol = NATIVE,
    ) -> None:
        """Plan one sending."""
        self._number += 1
        heapq.heappush(self._waiting, Delivery(send_at_ms, self._number, body, is_repeat, is_late, is_broken, protocol))

    def due(self, before_ms: int | None = None) -> Iterator[Delivery]:
        """Take out what is to be sent before `before_ms` (epoch milliseconds), oldest first; everything when None."""
        while self._waiting and (before_ms is None or self._waiting[0].send_at_ms < before_ms):
            yield heapq.heappop(self._waiting)


def handle(event: Event, rng: Random, loss: float = 0.0) -> Handling:
    """Decide whether `event` is late, whether it is sent twice, and whether it never arrives (a share `loss` of all)."""
    late = rng.random() < LATE_SHARE
    repeated = rng.random() < REPEATED_SHARE
    delay = rng.randrange(DAY_MS, 3 * DAY_MS) if late else 0
    repeat_after = rng.randrange(200, 2 * DAY_MS if rng.random() < 0.2 else 60_000) if repeated else None
    return Handling(delay, repeat_after, loss > 0 and rng.random() < loss)


def broken_events(world: ShopWorld, shop_day: ShopDay) -> Iterator[tuple[int, bytes]]:
    """(send_at_ms, body) of the day's malformed events; they cite times of the day's real ones."""
    rng = Random(f"{world.seed}/broken/{shop_day.day}")
    for n in range(max(1, round(len(shop_day.events) * BROKEN_SHARE))):
        at_ms = rng.choice(shop_day.events).at_ms
        yield at_ms, encode_broken(uuid5(world.namespace, f"broken/{shop_day.day}/{n}"), at_ms, n % 3)
