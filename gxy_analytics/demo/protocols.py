"""The protocols the simulator speaks: how each writes an event and a request, and what its answer says.

The words of an event belong to `wire`, `wire_snowplow` and `wire_segment`; sending to `sender`.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from gxy_analytics.contracts.events import BatchResult
from gxy_analytics.demo.wire import native_body, native_event
from gxy_analytics.demo.wire_segment import segment_body, segment_event
from gxy_analytics.demo.wire_snowplow import snowplow_body, snowplow_event

MIXED = "mixed"
Answered = tuple[Counter[str], list[bytes]]  # events by status, and those to send again


@dataclass(frozen=True)
class Protocol:
    """One protocol: `path` and `headers` name the tenant by its write key, `read(answer, events)` counts what was answered."""

    name: str
    path: Callable[[str], str]
    headers: Callable[[str], dict[str, str]]
    event: Callable[[dict[str, Any]], bytes]
    body: Callable[[list[bytes]], bytes]
    read: Callable[[bytes, list[bytes]], Answered]


def _native_answer(answer: bytes, events: list[bytes]) -> Answered:
    results = msgspec.json.decode(answer, type=BatchResult).results
    again = [event for event, result in zip(events, results, strict=True) if result.status == "retry"]
    return Counter(result.status for result in results if result.status != "retry"), again


def _taken(_: bytes, events: list[bytes]) -> Answered:
    """These protocols say only that everything was taken."""
    return Counter(ok=len(events)), []


def _basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


NATIVE = Protocol("native", lambda _: "/v1/events", lambda key: {"X-Write-Key": key}, native_event, native_body, _native_answer)
PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        NATIVE,
        Protocol("snowplow", lambda key: f"/{key}/tp2", lambda _: {}, snowplow_event, snowplow_body, _taken),
        Protocol("segment", lambda _: "/v1/batch", _basic, segment_event, segment_body, _taken),
    )
}


def spoken(choice: str, session: UUID) -> Protocol:
    """The protocol of a session: the chosen one, or one of them all by the session's id."""
    names = sorted(PROTOCOLS)
    return PROTOCOLS[names[session.int % len(names)] if choice == MIXED else choice]
