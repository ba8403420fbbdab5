"""The adapter of Segment's protocol: one spooled body into events and dead letters. See `bodies.Adapter`.

What the door called ok must be readable here: both judge by `protocols.segment.judge`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gxy_analytics.contracts.events import EventResult
from ingest_service.answers import RefusalError
from ingest_service.loader.bodies import Adapter, reject_body
from ingest_service.loader.clock import request_skew
from ingest_service.loader.draft import Draft, Letter, Request
from ingest_service.loader.segment.compose import compose
from ingest_service.loader.segment.context import Context, read_context
from ingest_service.loader.segment.ids import content_id, header_anonymous_id
from ingest_service.loader.segment.message import Message, decode_body, decode_message
from ingest_service.loader.segment.owners import Owners
from ingest_service.loader.segment.readers import plain_value
from ingest_service.loader.segment.shared import with_shared
from ingest_service.loader.values import parse_instant
from ingest_service.protocols import native
from ingest_service.protocols.native import DROP
from ingest_service.protocols.segment.judge import NOT_AN_OBJECT, UNREADABLE, is_id, judge, judge_call, kind_of
from ingest_service.protocols.segment.routes import ANONYMOUS_ID_NOTE, ROUTE_NOTE

NO_ID = "missing_event_id"
POINTERS = {"missing_type": "/type", "invalid_type": "/type", "not_an_object": "", "unreadable": ""}
NAME_POINTER = "/event"


def read_body(body: bytes, request: Request, draft: Draft) -> None:
    """Append the events and dead letters of `body` to `draft`, and complete `request` (sent_ms, skew_ms, accepted)."""
    try:
        found = decode_body(body)
    except UNREADABLE as error:
        reject_body(body, request, draft, str(error))
        return
    raws = [msgspec.Raw(body)] if found.batch is None else with_shared(found)
    request.accepted = len(raws)
    request.sent_ms = parse_instant(plain_value(found.sent_at))
    request.skew_ms = request_skew(request.sent_ms, request.received_ms)
    reader = Reader(request, draft, "/batch/{}" if found.batch is not None else "")
    for index, raw in enumerate(raws):
        reader.take(raw, index)


def explain(body: bytes) -> RefusalError | None:
    """Where and why `body` is neither a call nor a batch of calls."""
    try:
        judge(native.prepare(body), "")
    except RefusalError as refused:
        return refused
    return None


def rewrap(raw: bytes, sent_ms: int | None) -> bytes:
    """A batch of the one call (or of several, separated by commas)."""
    return b'{"sentAt":' + (b"null" if sent_ms is None else b"%d" % sent_ms) + b',"batch":[' + raw + b"]}"


class Reader:
    """The reading of one body: what its calls share. `place` is the JSON pointer of a call, with its number to fill in."""

    def __init__(self, request: Request, draft: Draft, place: str) -> None:
        self._request = request
        self._draft = draft
        self._place = place
        self._owners = Owners(request, draft)
        self._route = request.headers.get(ROUTE_NOTE, "")
        self._anonymous_id = header_anonymous_id(request.headers.get(ANONYMOUS_ID_NOTE, ""))
        self._contexts: dict[tuple[bytes, Any], Context] = {}

    def take(self, raw: msgspec.Raw, index: int) -> None:
        """One call into an event or a dead letter."""
        try:
            message = decode_message(raw)
            verdict = judge_call(message, self._route)
            if verdict.status != DROP:
                self._keep(message, raw, index)
                return
        except msgspec.ValidationError:
            verdict = NOT_AN_OBJECT
        except UNREADABLE as error:
            verdict = EventResult(None, DROP, "unreadable", str(error))
        pointer = self._place.format(index) + POINTERS.get(verdict.code, NAME_POINTER)
        self._draft.letters.append(Letter(self._request, index, verdict.code, pointer, verdict.detail, bytes(raw)))

    def _keep(self, message: Message, raw: msgspec.Raw, index: int) -> None:
        context = self._context(message)
        if self._anonymous_id and not message.anonymous_id and not message.user_id:
            message.anonymous_id = self._anonymous_id
        has_id = is_id(message.message_id)
        event_id = str(message.message_id) if has_id else self._content_id(message, raw, index)
        event, warnings = compose(message, kind_of(message.type, self._route), event_id, context)
        owner = self._owners.of(message, context)
        if not has_id:
            warnings.append(NO_ID)
        self._draft.add(event, raw, index, owner, warnings)

    def _content_id(self, message: Message, raw: msgspec.Raw, index: int) -> str:
        has_time = bool(message.original_timestamp or message.timestamp)
        return content_id(bytes(raw), has_time, self._request, index)

    def _context(self, message: Message) -> Context:
        key = bytes(message.context), message.channel if isinstance(message.channel, str) else None
        known = self._contexts.get(key)
        if known is None:
            known = self._contexts[key] = read_context(*key)
        return known


SEGMENT = Adapter(read_body, explain, rewrap)
