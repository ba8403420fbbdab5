"""Is a body a call or a batch of calls, and can each be used? Door and loader judge by the same functions.

An event is refused only when nobody can say what it is: no type, or a track call without a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from gxy_analytics.contracts.event_types.registry import CUSTOM_PREFIX
from gxy_analytics.contracts.events import MAX_ID_LENGTH, EventResult
from ingest_service.answers import MalformedBodyError, RefusalError
from ingest_service.protocols import native
from ingest_service.protocols.digits import exact, tolerant
from ingest_service.protocols.native import DROP, OK, WARNING
from ingest_service.protocols.segment.routes import BATCH, KINDS

MAX_EVENTS = 2500  # of a batch, as Segment's API allows
MAX_NAME_LENGTH = MAX_ID_LENGTH - len(CUSTOM_PREFIX)
UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)

_OK = EventResult(None, OK)
_NO_ID = EventResult(None, WARNING, "missing_message_id", "without `messageId` a repeat is known by its content alone.")
_NOBODY = EventResult(None, WARNING, "missing_identity", "without `anonymousId` and `userId` it belongs to no visitor.")
NOT_AN_OBJECT = EventResult(None, DROP, "not_an_object", "an event must be a JSON object.")


class Names(Protocol):
    """What a verdict looks at."""

    type: Any
    event: Any
    message_id: Any
    anonymous_id: Any
    user_id: Any


class Head(msgspec.Struct, gc=False, rename="camel"):
    """One call as the door reads it. Any type is taken: what cannot be used is said by `judge_call`."""

    type: Any = None
    event: Any = None
    message_id: Any = None
    anonymous_id: Any = None
    user_id: Any = None


class Envelope(Head):
    """A body: one call, or many in `batch`."""

    batch: list[Head] | None = None
    write_key: Any = None


class RawEnvelope(msgspec.Struct, rename="camel"):
    """A body in whose batch something is no object."""

    batch: list[msgspec.Raw] | None = None
    write_key: Any = None


class Judged(NamedTuple):
    """One result a call, in order, and the write key that the body names."""

    results: Sequence[EventResult]
    key: str | None


_decode_envelope = tolerant(msgspec.json.Decoder(Envelope, float_hook=exact).decode)
_decode_raw_envelope = tolerant(msgspec.json.Decoder(RawEnvelope, float_hook=exact).decode)
_decode_head = tolerant(msgspec.json.Decoder(Head, float_hook=exact).decode)


def judge(body: bytes, route: str) -> Judged:
    """Judge every call of a body. Raises MalformedBodyError, and RefusalError (413) over MAX_EVENTS."""
    try:
        found = _decode_envelope(body)
    except msgspec.ValidationError:
        return _judge_odd(body, route)
    except UNREADABLE as error:
        raise malformed(body, error) from error
    if found.batch is None:
        if route == BATCH:
            raise MalformedBodyError('the body has no list `batch`: send {"batch": [...]}.', pointer="/batch")
        return Judged([judge_call(found, route)], key_of(found.write_key))
    _check_number(len(found.batch))
    return Judged([judge_call(head, route) for head in found.batch], key_of(found.write_key))


def judge_call(call: Names, route: str) -> EventResult:
    """The verdict on one call; `route` says what it is when it does not."""
    kind = kind_of(call.type, route)
    if not kind:
        code = "missing_type" if call.type in (None, "") else "invalid_type"
        return EventResult(None, DROP, code, f"`type` must be one of {', '.join(sorted(KINDS))}.")
    if kind == "track" and (type(call.event) is not str or not 0 < len(call.event) <= MAX_NAME_LENGTH):
        return _judge_name(call.event)
    if not is_id(call.message_id):
        return _NO_ID
    return _OK if call.anonymous_id or call.user_id else _NOBODY


def kind_of(given: Any, route: str) -> str:
    """What kind of call it is, empty where nothing says so."""
    if type(given) is str:
        if given in KINDS:
            return given
        if given.lower() in KINDS:
            return given.lower()
    return route if route in KINDS else ""


def is_id(given: Any) -> bool:
    """Whether it can name one event."""
    return (type(given) is str and 0 < len(given) <= MAX_ID_LENGTH) or type(given) is int


def key_of(given: Any) -> str | None:
    """The body's write key."""
    return given if isinstance(given, str) and given else None


def malformed(body: bytes, error: Exception) -> MalformedBodyError:
    """Where and why a body is neither a call nor a batch."""
    if isinstance(error, msgspec.ValidationError):
        pointer, reason = native.locate(error)
        return MalformedBodyError(f"the body is neither a call nor a batch of calls: {reason}.", pointer=pointer)
    if not body.strip():
        return MalformedBodyError('the body is empty: send a call, or {"batch": [...]}.', byte=0, line=1)
    try:
        native.split(body)  # tells where JSON ends being JSON
    except MalformedBodyError as located:
        return located
    return MalformedBodyError(f"the body cannot be read: {error}.")


def _judge_name(name: Any) -> EventResult:
    if name in (None, ""):
        return EventResult(None, DROP, "missing_name", "a track call needs `event`, its name.")
    if isinstance(name, str):
        return EventResult(None, DROP, "name_too_long", f"`event` may have {MAX_NAME_LENGTH} characters, not {len(name)}.")
    return EventResult(None, DROP, "invalid_name", "`event` must be a string.")


def _judge_odd(body: bytes, route: str) -> Judged:
    """A batch with an entry that is no object, or a body that is none."""
    try:
        found = _decode_raw_envelope(body)
    except UNREADABLE as error:
        raise malformed(body, error) from error
    raws = found.batch or []
    _check_number(len(raws))
    return Judged([_judge_raw(raw, route) for raw in raws], key_of(found.write_key))


def _judge_raw(raw: msgspec.Raw, route: str) -> EventResult:
    try:
        return judge_call(_decode_head(raw), route)
    except UNREADABLE:
        return NOT_AN_OBJECT


def _check_number(number: int) -> None:
    if number > MAX_EVENTS:
        raise RefusalError(413, "too_many_events", f"{number} events in one request, at most {MAX_EVENTS} are taken.")
