"""What a protocol tells the door: where its key is, what its body says, and how it wants to be answered.

One implementation a protocol (`native_wire`, `snowplow/…`, `segment/…`); `ingest_service.endpoint` does everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from litestar.types import HTTPScope

from gxy_analytics.contracts.events import EventResult
from ingest_service.answers import Answer, RefusalError
from ingest_service.request import Headers


@dataclass(slots=True)
class Reading:
    """What the door understood of one request.

    `body` is what is spooled; `results` has one entry an event, in order; `key` is the write key where only the body names it;
    `notes`, with those of `Wire.notes`, go into the record's headers under their own names (`gxy-…`), for the adapter.
    """

    body: bytes
    results: Sequence[EventResult]
    key: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


class Wire(Protocol):
    """One family of routes. Stateless: one object serves every request."""

    protocol: str  # of the spool record: names the loader's adapter
    label: str  # of the routes, in metrics
    methods: frozenset[str]
    has_key_in_body: bool  # a request without an early key is read before it is refused

    def matches(self, path: str) -> bool:
        """Whether the path is one of its own."""

    def early_key(self, scope: HTTPScope, headers: Headers) -> str | bytes | None:
        """The write key, where it stands outside of the body."""

    def notes(self, scope: HTTPScope, headers: Headers) -> dict[str, str]:
        """What the adapter must know of a request beside its body, also of one that cannot be read."""

    def read(self, scope: HTTPScope, headers: Headers, body: bytes) -> Reading:
        """Understand the inflated body. Raises MalformedBodyError (it becomes a dead letter), RefusalError."""

    def accept(self, scope: HTTPScope, reading: Reading) -> Answer:
        """The answer once everything is durable."""

    def refuse(self, scope: HTTPScope, error: RefusalError) -> Answer:
        """The answer to what is not taken, with the status that this family's clients understand."""
