"""The native protocol's adapter: one spooled body into events and dead letters.

The HTTP worker answered by `contracts.events.EventHead`; an event that it called ok must be readable here.
"""

from __future__ import annotations

import msgspec

from gxy_analytics.contracts.events import RawBatch
from ingest_service.answers import RefusalError
from ingest_service.loader.bodies import Adapter, reject_body
from ingest_service.loader.clock import request_skew
from ingest_service.loader.draft import Draft, Letter, Request
from ingest_service.loader.event import Event
from ingest_service.loader.lenient import RefusedError, read_event
from ingest_service.loader.values import parse_instant
from ingest_service.protocols.native import DROP, judge, judge_event, prepare

_batch = msgspec.json.Decoder(RawBatch)
_event = msgspec.json.Decoder(Event)
_any = msgspec.json.Decoder()
UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def read_body(body: bytes, request: Request, draft: Draft) -> None:
    """Append the events and dead letters of `body` to `draft`, and complete `request` (sent_ms, skew_ms, accepted)."""
    try:
        batch = _batch.decode(body)
    except UNREADABLE as error:
        reject_body(body, request, draft, str(error))
        return
    request.accepted = len(batch.events)
    request.sent_ms = _sent(batch.sent_at)
    request.skew_ms = request_skew(request.sent_ms, request.received_ms)
    owner = len(draft.requests)
    draft.requests.append(request)
    first = len(draft.events)
    try:
        events = [_event.decode(raw) for raw in batch.events]
    except UNREADABLE:
        _read_one_by_one(batch.events, request, owner, draft)
        return
    draft.events += events
    draft.raws += batch.events
    draft.index += range(len(events))
    draft.owner += [owner] * (len(draft.events) - first)


def explain(body: bytes) -> RefusalError | None:
    """Where and why `body` is no batch of events."""
    try:
        judge(prepare(body))
    except RefusalError as refused:
        return refused
    return None


def rewrap(raw: bytes, sent_ms: int | None) -> bytes:
    """A batch of the one event."""
    return b'{"sent_at":' + (b"null" if sent_ms is None else b"%d" % sent_ms) + b',"events":[' + raw + b"]}"


def _sent(raw: msgspec.Raw) -> int | None:
    if not bytes(raw):
        return None
    try:
        return parse_instant(_any.decode(raw))
    except UNREADABLE:
        return None


def _read_one_by_one(raws: list[msgspec.Raw], request: Request, owner: int, draft: Draft) -> None:
    for number, raw in enumerate(raws):
        try:
            event, warnings = _read(raw)
        except RefusedError as refused:
            draft.letters.append(
                Letter(request, number, refused.reason, f"/events/{number}{refused.pointer}", refused.detail, bytes(raw))
            )
            continue
        draft.add(event, raw, number, owner, warnings)


def _read(raw: msgspec.Raw) -> tuple[Event, list[str]]:
    """The event and its warnings. Raises RefusedError exactly where the HTTP worker answered `drop`."""
    try:
        return _event.decode(raw), []
    except UNREADABLE:
        verdict = judge_event(raw)
        if verdict.status == DROP:
            raise RefusedError(verdict.code, _pointer(verdict.code), verdict.detail) from None
        return read_event(raw)


def _pointer(code: str) -> str:
    return next((f"/{field}" for field in ("event_id", "name") if field in code), "")


NATIVE = Adapter(read_body, explain, rewrap)
