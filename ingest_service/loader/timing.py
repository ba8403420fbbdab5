"""The clock-skew rule over a whole draft: places every event in time, and learns the smallest skew of each visitor.

The rule for one event is `clock`; keeping what was learnt belongs to `state`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ingest_service.loader.clock import EARLIEST_MS, FUTURE_MS, HISTORICAL_MS, applicable_skew, judge
from ingest_service.loader.columns import INSTANT
from ingest_service.loader.draft import Draft
from ingest_service.loader.event import Event, Instant
from ingest_service.loader.values import MAX_INSTANT_MS, parse_instant

MICROSECONDS = pa.timestamp("us", "UTC")
INVALID_TIME = "invalid:/time"
INVALID_TRUE_TIME = "invalid:/true_time"


@dataclass(slots=True)
class Timed:
    """Time columns, one value a row; `skews` holds the smallest skew (ms) learnt by visitor key. `true_ms` may be empty."""

    created_ms: list[int | None]
    true_ms: list[int | None] = field(default_factory=list)
    event_ms: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    skew_ms: list[int] = field(default_factory=list)
    historical: list[bool] = field(default_factory=list)
    skews: dict[bytes, int] = field(default_factory=dict)

    def keep(self, rows: list[int]) -> Timed:
        """The times of these rows only, in this order; what was learnt stays."""
        return Timed(
            created_ms=[self.created_ms[row] for row in rows],
            true_ms=[self.true_ms[row] for row in rows] if self.true_ms else [],
            event_ms=[self.event_ms[row] for row in rows],
            sources=[self.sources[row] for row in rows],
            skew_ms=[self.skew_ms[row] for row in rows],
            historical=[self.historical[row] for row in rows],
            skews=self.skews,
        )


def place(draft: Draft, smallest_skew: Callable[[bytes], int | None]) -> Timed:
    """Judge every event of `draft`. `smallest_skew` looks a visitor's smallest known skew up; warnings go to the draft."""
    created_ms = _instants(draft, [event.time for event in draft.events], INVALID_TIME)
    given_true = [event.true_time for event in draft.events]
    true_ms = _instants(draft, given_true, INVALID_TRUE_TIME) if any(given_true) else []
    if not true_ms and _nothing_odd(draft, created_ms):
        rows = len(created_ms)
        return Timed(created_ms, true_ms, created_ms, ["client"] * rows, [0] * rows, [False] * rows)  # type: ignore[arg-type]
    timed = Timed(created_ms, true_ms)
    for row, (created, owner) in enumerate(zip(timed.created_ms, draft.owner, strict=True)):
        request = draft.requests[owner]
        received = request.received_ms
        if (
            not true_ms
            and request.skew_ms == 0
            and created is not None
            and EARLIEST_MS <= created <= received + FUTURE_MS
            and created >= received - HISTORICAL_MS
        ):
            timed.event_ms.append(created)
            timed.sources.append("client")
            timed.skew_ms.append(0)
            timed.historical.append(False)
            continue
        skew = applicable_skew(request.skew_ms, created, request.sent_ms)
        if skew:
            skew = _smallest(draft.events[row], request.tenant_id, skew, timed.skews, smallest_skew)
        timing = judge(created, received, skew, true_ms[row] if true_ms else None)
        timed.event_ms.append(timing.event_ms)
        timed.sources.append(timing.source)
        timed.skew_ms.append(timing.skew_ms)
        timed.historical.append(timing.is_historical)
        if timing.warning:
            draft.warn(row, timing.warning)
    return timed


def _nothing_odd(draft: Draft, created_ms: list[int | None]) -> bool:
    """Whether every event has a time of its own that stands: of the running week, from clocks that are right."""
    if any(request.skew_ms for request in draft.requests):
        return False
    received = pa.array([request.received_ms for request in draft.requests], pa.int64()).take(pa.array(draft.owner, pa.int32()))
    created = pa.array(created_ms, pa.int64())
    if created.null_count or not len(created):
        return False
    age = pc.min_max(pc.subtract(received, created)).as_py()
    return bool(age["min"] >= -FUTURE_MS and age["max"] <= HISTORICAL_MS and pc.min(created).as_py() >= EARLIEST_MS)


def visitor_key(tenant_id: str, event: Event) -> bytes | None:
    """Names the device whose clock it is: the anonymous id, else the session."""
    visitor = event.anonymous_id or event.session_id
    return xxhash.xxh3_128_digest(f"{tenant_id}\0{visitor}".encode(errors="surrogatepass")) if visitor else None


def _smallest(
    event: Event, tenant_id: str, skew_ms: int, learnt: dict[bytes, int], smallest_skew: Callable[[bytes], int | None]
) -> int:
    key = visitor_key(tenant_id, event)
    if key is None:
        return skew_ms
    known = learnt.get(key)
    if known is None:
        known = smallest_skew(key)
    learnt[key] = skew_ms if known is None else min(known, skew_ms)
    return learnt[key]


def _instants(draft: Draft, given: list[Instant | None], warning: str) -> list[int | None]:
    """Instants in ms: the column at once where it is all RFC 3339 with offsets, else one by one."""
    at_once = _column(given)
    if at_once is not None:
        return at_once
    created = [parse_instant(value) for value in given]
    for row, (value, instant) in enumerate(zip(given, created, strict=True)):
        if value is not None and instant is None:
            draft.warn(row, warning)
    return created


def _column(given: list[Instant | None]) -> list[int | None] | None:
    """The whole column read by Arrow, None where a value needs a closer look."""
    try:
        parsed = pa.array(given, pa.string()).cast(MICROSECONDS).cast(INSTANT, safe=False).cast(pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return None
    limits = pc.min_max(parsed).as_py()
    if limits["min"] is not None and (limits["min"] < 0 or limits["max"] > MAX_INSTANT_MS):
        return None
    return list(parsed.to_pylist())
