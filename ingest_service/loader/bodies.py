"""A protocol's side of the loader: what an adapter is, and what happens to a body that no adapter can read.

Which adapters there are is in `adapters`; what becomes of the events is decided after them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from ingest_service.answers import RefusalError
from ingest_service.inflate import ENCODING_NOTE, inflate
from ingest_service.loader.draft import Draft, Letter, Request
from ingest_service.spool.record import RecordFlags, SpoolRecord

MALFORMED = "malformed_body"
UNDECODABLE = "undecodable_body"
UNKNOWN_PROTOCOL = "unknown_protocol"
WHOLE_BODY_REASONS = frozenset({MALFORMED, UNDECODABLE, UNKNOWN_PROTOCOL})
MAX_INFLATED_BYTES = 32 << 20  # of a body that could not be decoded when it came, and now can


@dataclass(frozen=True)
class Adapter:
    """How one protocol is read.

    `read(body, request, draft)` appends the events and dead letters of one spooled body and completes the request (sent_ms,
    skew_ms, accepted). `explain(body)` says where and why a body is malformed, None where it is not. `rewrap(raw, sent_ms)`
    makes a body of the one event of a dead letter, so that a replay takes the same way again: with the record's own headers.
    A letter's `raw` is the JSON text of one event as it stood in the body; of WHOLE_BODY_REASONS it is the whole body.
    """

    read: Callable[[bytes, Request, Draft], None]
    explain: Callable[[bytes], RefusalError | None]
    rewrap: Callable[[bytes, int | None], bytes]


def read_record(record: SpoolRecord, request: Request, draft: Draft, adapter: Adapter | None) -> None:
    """One record into events and dead letters: by its adapter, unless it cannot be read at all."""
    if ENCODING_NOTE in record.headers:
        _read_encoded(record, request, draft, adapter)
    elif record.has(RecordFlags.MALFORMED):
        reject_malformed(record.body, request, draft, adapter)
    elif adapter is None:
        detail = f"no adapter reads protocol {record.protocol!r}: upgrade the loader, then replay"
        reject_body(record.body, request, draft, detail, UNKNOWN_PROTOCOL)
    else:
        adapter.read(record.body, request, draft)


def _read_encoded(record: SpoolRecord, request: Request, draft: Draft, adapter: Adapter | None) -> None:
    """A body that the door could not decode: a dead letter as it was sent, unless it is replayed and can be decoded now."""
    headers = dict(record.headers)
    try:
        body = inflate(record.body, headers.pop(ENCODING_NOTE), MAX_INFLATED_BYTES)
    except RefusalError as refused:
        reject_body(record.body, request, draft, str(refused), UNDECODABLE)
        return
    if record.has(RecordFlags.MALFORMED):
        reject_body(record.body, request, draft, "the HTTP worker could not decode the body as it was sent", UNDECODABLE)
        return
    request.headers = headers
    read_record(msgspec.structs.replace(record, headers=headers, body=body), request, draft, adapter)


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
