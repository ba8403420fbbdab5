"""The native protocol of `POST /v1/events`: is the body a batch, and what becomes of each event in it.

The HTTP worker and the loader judge by the same functions, so a dead letter is exactly what was answered `drop`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import msgspec

from gxy_analytics.contracts.events import MAX_EVENTS_PER_REQUEST, MAX_ID_LENGTH, BatchHead, EventHead, EventResult, RawBatch
from ingest_service.answers import MalformedBodyError, RefusalError
from ingest_service.protocols.digits import exact, tolerant

PROTOCOL = "native"

OK = "ok"
WARNING = "warning"
DROP = "drop"


_heads = msgspec.json.Decoder(BatchHead)
_raw_batch = msgspec.json.Decoder(RawBatch)
_head = msgspec.json.Decoder(EventHead)
_decode_any = tolerant(msgspec.json.Decoder(float_hook=exact).decode)
_LONE_SURROGATE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
_BYTE = re.compile(r"\(byte (\d+)\)")
_PATH = re.compile(r" - at `(.*)`$")


def prepare(body: bytes) -> bytes:
    """The body as it is spooled: proven UTF-8, and without escapes of half a character (a title cut inside an emoji).

    Browsers write such escapes and call them JSON; parsers here do not, and the whole batch would be lost for one title.
    Raises MalformedBodyError.
    """
    try:
        body.isascii() or body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        reason = f"the body is not UTF-8 at byte {error.start}, line {line}."
        raise MalformedBodyError(reason, byte=error.start, line=line) from error
    if b"\\" not in body or (b"\\ud" not in body and b"\\uD" not in body):  # one byte is found 50 times as fast
        return body
    return _LONE_SURROGATE.sub(lambda match: b"\\ufffd" if match[1] else match[0], body)


def judge(body: bytes) -> list[EventResult]:
    """One result an event, in order. Raises MalformedBodyError, and RefusalError (413) over MAX_EVENTS_PER_REQUEST."""
    try:
        heads = _heads.decode(body).events
    except msgspec.ValidationError:
        results = [judge_event(event) for event in split(body)]
    except _UNREADABLE as error:
        raise _malformed(body, error) from error
    else:
        results = [_judge_head(head) for head in heads]
    if len(results) > MAX_EVENTS_PER_REQUEST:
        raise RefusalError(
            413, "too_many_events", f"{len(results)} events in one request, at most {MAX_EVENTS_PER_REQUEST} are taken."
        )
    return results


def split(body: bytes) -> Sequence[msgspec.Raw]:
    """JSON text of each event. Raises MalformedBodyError."""
    try:
        return _raw_batch.decode(body).events
    except _UNREADABLE as error:
        raise _malformed(body, error) from error


def judge_event(event: bytes | msgspec.Raw) -> EventResult:
    """The result of one event by its JSON text: `drop` when it cannot be used, else `ok` or `warning`."""
    try:
        return _judge_head(_head.decode(event))
    except _UNREADABLE as error:
        return _judge_odd(event, error)


def _judge_head(head: EventHead) -> EventResult:
    if head.time is None:
        return EventResult(head.event_id, WARNING, "missing_time", "without `time` the event is dated by its receipt.")
    if head.anonymous_id is None and head.user_id is None:
        return EventResult(head.event_id, WARNING, "missing_identity", "without `anonymous_id` it belongs to no visitor.")
    return EventResult(head.event_id, OK)


def _judge_odd(event: bytes | msgspec.Raw, error: Exception) -> EventResult:
    """An event of which some field of the head has another type or length than it should."""
    pointer, reason = locate(error)
    try:
        fields = _decode_any(event)
    except _UNREADABLE as deeper:
        return EventResult(None, DROP, "unreadable", str(deeper))
    if not isinstance(fields, dict):
        return EventResult(None, DROP, "not_an_object", reason)
    event_id = fields.get("event_id")
    shown = event_id if isinstance(event_id, str) else None
    for field in ("event_id", "name"):
        value = fields.get(field)
        if value in (None, ""):
            return EventResult(shown, DROP, f"missing_{field}", f"`{field}` is required.")
        if not isinstance(value, str) or len(value) > MAX_ID_LENGTH:  # msgspec names only the first wrong field of the event
            code = f"{field}_too_long" if isinstance(value, str) else f"invalid_{field}"
            why = reason if pointer == f"/{field}" else f"Expected a string of 1 to {MAX_ID_LENGTH} characters"
            return EventResult(shown and shown[:MAX_ID_LENGTH], DROP, code, f"/{field}: {why}.")
    return EventResult(shown, WARNING, "invalid_field", f"{pointer}: {reason}.")


def locate(error: Exception) -> tuple[str, str]:
    """JSON pointer and reason of a msgspec error: `$.events[3].time` becomes `/events/3/time`."""
    message = str(error)
    path = _PATH.search(message)
    if not path:
        return "", message.rstrip(".")
    pointer = re.sub(r"\.|\[", "/", path[1].removeprefix("$").replace("]", ""))
    return pointer, message[: path.start()]


def _malformed(body: bytes, error: Exception) -> MalformedBodyError:
    """Where and why the body cannot be read."""
    if isinstance(error, RecursionError):
        return MalformedBodyError("the JSON is nested too deeply.")
    if isinstance(error, msgspec.ValidationError):
        pointer, reason = locate(error)
        return MalformedBodyError(f"the body is not a batch of events: {reason}.", pointer=pointer)
    if not body.strip():
        return MalformedBodyError('the body is empty: send {"events": [...]}.', byte=0, line=1)
    byte, line, reason = _syntax_error(body, error)
    return MalformedBodyError(f"the body is not JSON: {reason} at byte {byte}, line {line}.", byte=byte, line=line)


def _syntax_error(body: bytes, error: Exception) -> tuple[int, int, str]:
    """Byte, line and reason. The standard library is asked because it tells the place exactly."""
    text = body.decode()
    try:
        json.loads(text, parse_int=str)  # it refuses to make a number of over 4,300 digits
    except json.JSONDecodeError as found:
        return len(text[: found.pos].encode()), found.lineno, found.msg[0].lower() + found.msg[1:]
    except RecursionError:
        pass
    return len(body), text.count("\n") + 1, _BYTE.sub("", str(error)).strip().rstrip(".")
