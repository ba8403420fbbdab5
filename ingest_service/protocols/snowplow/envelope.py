"""The payload_data envelope: is the body one, what becomes of each event in it, and how a pixel's query is written as one.

Reading a single event belongs to `parameters`; HTTP to `wire`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from gxy_analytics.contracts.events import MAX_EVENTS_PER_REQUEST, MAX_ID_LENGTH, EventResult
from ingest_service.answers import MalformedBodyError, RefusalError
from ingest_service.protocols.native import DROP, OK, WARNING, locate
from ingest_service.protocols.snowplow.parameters import UNREADABLE, Parameters, UnusableEventError, read_parameters

SCHEMA = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
SCHEMA_NAME = "/payload_data/"
HEAD = frozenset({"e", "eid", "dtm", "duid", "uid", "aid"})  # the fields of `Head`

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)]


class Head(msgspec.Struct, gc=False):
    """What decides what becomes of an event, when all of it is text."""

    e: Short
    eid: Short | None = None
    dtm: str | None = None
    duid: str | None = None
    uid: str | None = None
    aid: str | None = None


class Heads(msgspec.Struct):
    """The body when all its events are as they should be: one pass, nothing built but the heads."""

    data: list[Head]
    schema: str = ""


class RawPayload(msgspec.Struct):
    """The body with each event's own JSON text."""

    data: list[msgspec.Raw]
    schema: Any = ""


_heads = msgspec.json.Decoder(Heads)
_raw = msgspec.json.Decoder(RawPayload)
_encode = msgspec.json.Encoder().encode


def split(body: bytes) -> Sequence[msgspec.Raw]:
    """JSON text of each event. Raises MalformedBodyError, and RefusalError (413) over MAX_EVENTS_PER_REQUEST."""
    try:
        payload = _raw.decode(body)
    except UNREADABLE as error:
        raise _malformed(error) from error
    _check(payload.schema, len(payload.data))
    return payload.data


def judge(body: bytes, overlay: Parameters) -> tuple[list[EventResult], str | None]:
    """One result an event, in order, and the first event's app id. Raises as `split` does."""
    if overlay.keys() & HEAD:
        return _judge_one_by_one(body, overlay)
    try:
        payload = _heads.decode(body)
    except UNREADABLE:
        return _judge_one_by_one(body, overlay)
    _check(payload.schema, len(payload.data))
    return [_judge_head(head) for head in payload.data], payload.data[0].aid if payload.data else None


def judge_event(raw: bytes | msgspec.Raw, overlay: Parameters) -> tuple[EventResult, str | None]:
    """The result of one event by its JSON text, and its app id."""
    try:
        parameters = read_parameters(raw, overlay).parameters
    except UnusableEventError as unusable:
        return EventResult(unusable.event_id, DROP, unusable.code, str(unusable)), None
    head = Head(parameters["e"], *(parameters.get(name) or None for name in ("eid", "dtm", "duid", "uid", "aid")))
    return _judge_head(head), head.aid


def body_of(pairs: Sequence[tuple[str, str]]) -> bytes:
    """A pixel's query as payload_data: every parameter in its order, repeated ones too (JSON readers take the last)."""
    fields = b",".join(_encode(name) + b":" + _encode(value) for name, value in pairs)
    return wrap(b"{" + fields + b"}")


def wrap(raw: bytes) -> bytes:
    """The body of the one event."""
    return b'{"schema":"' + SCHEMA.encode() + b'","data":[' + raw + b"]}"


def _judge_one_by_one(body: bytes, overlay: Parameters) -> tuple[list[EventResult], str | None]:
    judged = [judge_event(raw, overlay) for raw in split(body)]
    return [result for result, _ in judged], judged[0][1] if judged else None


def _judge_head(head: Head) -> EventResult:
    if head.eid is None:
        return EventResult(None, WARNING, "missing_event_id", "without `eid` the event is named by what it says.")
    if head.dtm is None:
        return EventResult(head.eid, WARNING, "missing_time", "without `dtm` the event is dated by its receipt.")
    if head.duid is None and head.uid is None:
        return EventResult(head.eid, WARNING, "missing_identity", "without `duid` it belongs to no visitor.")
    return EventResult(head.eid, OK)


def _check(schema: object, number: int) -> None:
    if schema and not (isinstance(schema, str) and SCHEMA_NAME in schema):
        raise MalformedBodyError("the body is no payload_data: its `schema` names something else.", pointer="/schema")
    if number > MAX_EVENTS_PER_REQUEST:
        raise RefusalError(413, "too_many_events", f"{number} events in one request, at most {MAX_EVENTS_PER_REQUEST} are taken.")


def _malformed(error: Exception) -> MalformedBodyError:
    if isinstance(error, RecursionError):
        return MalformedBodyError("the JSON is nested too deeply.")
    pointer, reason = locate(error)
    if isinstance(error, msgspec.ValidationError):
        return MalformedBodyError(f"the body is no payload_data: {reason}.", pointer=pointer)
    return MalformedBodyError(f"the body is not JSON: {reason}.")
