"""The native protocol's adapter: one spooled body into events and dead letters. Other protocols get an adapter beside it.

The HTTP worker answered by `contracts.events.EventHead`; an event that it called ok must be readable here.
"""

from __future__ import annotations

import msgspec

from gxy_analytics.contracts.events import RawBatch
from ingest_service.answers import RefusalError
from ingest_service.loader.clock import request_skew
from ingest_service.loader.draft import Draft, Letter, Request
from ingest_service.loader.event import Event
from ingest_service.loader.lenient import RefusedError, read_event
from ingest_service.loader.values import parse_instant
from ingest_service.protocols.native import DROP, judge, judge_event, prepare

_batch = msgspec.json.Decoder(RawBatch)
_event = msgspec.json.Decoder(Event)
_any = msgspec.json.Decoder()
MALFORMED = "malformed_body"
UNKNOWN_PROTOCOL = "unknown_protocol"
WHOLE_BODY_REASONS = frozenset({MALFORMED, UNKNOWN_PROTOCOL})
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


def reject_body(body: bytes, request: Request, draft: Draft, detail: str, reason: str = MALFORMED, pointer: str = "") -> None:
    """The whole body is one dead letter."""
    request.accepted = 1
    draft.requests.append(request)
    draft.letters.append(Letter(request, 0, reason, pointer, detail, body))


def reject_malformed(body: bytes, request: Request, draft: Draft) -> None:
    """A body that was answered 400: where and why is found out again, as far as the spooled bytes still tell."""
    try:
        judge(prepare(body))
    except RefusalError as refused:
        reject_body(body, request, draft, str(refused), pointer=refused.refusal.pointer or "")
    else:
        reject_body(body, request, draft, "the HTTP worker could not read the body as it was sent")


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
        if warnings:
            draft.warn(len(draft.events), *warnings)
        draft.events.append(event)
        draft.raws.append(raw)
        draft.index.append(number)
        draft.owner.append(owner)


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
