"""A batch on its way from spool records to rows: requests, events, dead letters. Plain data, filled by adapters.

What becomes of it is decided by `sift` (duplicates), `timing` (the clock) and `assemble` (columns).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from ingest_service.loader.event import Event


@dataclass(slots=True)
class Request:
    """What a spool record says about all its events. Times in ms since the epoch; `skew_ms` is 0 unless the clock is wrong."""

    tenant_id: str
    protocol: str
    received_ms: int
    offset: int
    ip_truncated: str = ""
    user_agent: str = ""
    headers: dict[str, str] = field(default_factory=dict)  # as spooled: those kept, and what the door found out
    is_trusted: bool = False  # sent with a secret key: it may say whose address and user agent it is
    sent_ms: int | None = None
    skew_ms: int = 0
    accepted: int = 0
    letter_id: str = ""  # of the dead letter that this request replays


@dataclass(slots=True)
class Letter:
    """One dead letter. `raw` is the event or body as received, `pointer` a JSON pointer into the request's body."""

    request: Request
    index: int
    reason: str
    pointer: str
    detail: str
    raw: bytes
    client_event_id: str = ""


@dataclass(slots=True)
class Draft:
    """Events of a batch, as parallel lists: `events[i]` is number `index[i]` of `requests[owner[i]]`."""

    requests: list[Request] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    raws: list[msgspec.Raw] = field(default_factory=list)
    warnings: dict[int, list[str]] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    drops: Counter[tuple[str, str]] = field(default_factory=Counter)  # by tenant and reason

    def add(self, event: Event, raw: msgspec.Raw, index: int, owner: int, warnings: list[str]) -> None:
        """Add one event, which is number `index` of `requests[owner]`."""
        if warnings:
            self.warn(len(self.events), *warnings)
        self.events.append(event)
        self.raws.append(raw)
        self.index.append(index)
        self.owner.append(owner)

    def warn(self, row: int, *codes: str) -> None:
        """Add warnings to a row."""
        self.warnings.setdefault(row, []).extend(codes)

    def keep(self, rows: list[int]) -> Draft:
        """The draft with these rows of events only, in this order; requests and letters stay."""
        if len(rows) == len(self.events):
            return self
        position = {row: new for new, row in enumerate(rows)} if self.warnings else {}
        return Draft(
            requests=self.requests,
            events=[self.events[row] for row in rows],
            owner=[self.owner[row] for row in rows],
            index=[self.index[row] for row in rows],
            raws=[self.raws[row] for row in rows],
            warnings={position[row]: codes for row, codes in self.warnings.items() if row in position},
            letters=self.letters,
            drops=self.drops,
        )
