"""A protocol's side of the loader: what an adapter is, and what happens to a body that no adapter can read.

Which adapters there are is in `adapters`; what becomes of the events is decided after them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingest_service.answers import RefusalError
from ingest_service.loader.draft import Draft, Letter, Request

MALFORMED = "malformed_body"
UNKNOWN_PROTOCOL = "unknown_protocol"
WHOLE_BODY_REASONS = frozenset({MALFORMED, UNKNOWN_PROTOCOL})


@dataclass(frozen=True)
class Adapter:
    """How one protocol is read.

    `read(body, request, draft)` appends the events and dead letters of one spooled body and completes the request (sent_ms,
    skew_ms, accepted). `explain(body)` says where and why a body is malformed, None where it is not. `rewrap(raw, sent_ms)`
    makes a body of the one event of a dead letter, so that a replay takes the same way again.
    """

    read: Callable[[bytes, Request, Draft], None]
    explain: Callable[[bytes], RefusalError | None]
    rewrap: Callable[[bytes, int | None], bytes]


def reject_body(body: bytes, request: Request, draft: Draft, detail: str, reason: str = MALFORMED, pointer: str = "") -> None:
    """The whole body is one dead letter."""
    request.accepted = 1
    draft.requests.append(request)
    draft.letters.append(Letter(request, 0, reason, pointer, detail, body))


def reject_malformed(body: bytes, request: Request, draft: Draft, adapter: Adapter | None) -> None:
    """A body that was answered 400: where and why is found out again, as far as the spooled bytes still tell."""
    refused = adapter.explain(body) if adapter else None
    if refused:
        reject_body(body, request, draft, str(refused), pointer=refused.refusal.pointer or "")
    else:
        reject_body(body, request, draft, "the HTTP worker could not read the body as it was sent")
