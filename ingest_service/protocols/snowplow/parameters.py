"""One event of the tracker protocol as text by parameter, and whether it can be used. What parameters mean: see the loader.

The HTTP worker and the loader read by the same functions, so a dead letter is exactly what was counted as dropped.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from gxy_analytics.contracts.events import MAX_ID_LENGTH
from gxy_analytics.errors import GxyError
from ingest_service.protocols.digits import exact, tolerant

UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
JSON_PARAMETERS = frozenset({"ue_pr", "co"})  # JSON text inside JSON; some senders forget to quote it

Parameters = dict[str, str]

_texts = msgspec.json.Decoder(Parameters)
_decode_any = tolerant(msgspec.json.Decoder(float_hook=exact).decode)
_encode = msgspec.json.Encoder().encode


class UnusableEventError(GxyError):
    """The event can be stored under no rule: `code` (docs/reference/events.md) and JSON pointer inside the event."""

    def __init__(self, code: str, pointer: str, detail: str, event_id: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.pointer = pointer
        self.event_id = event_id


class Given(NamedTuple):
    """An event's parameters; `spare` are values that are no text and cannot be made one."""

    parameters: Parameters
    warnings: tuple[str, ...] = ()
    spare: dict[str, Any] | None = None


def read_parameters(raw: bytes | msgspec.Raw, overlay: Parameters) -> Given:
    """The event's parameters under those of the query. Raises UnusableEventError."""
    try:
        given = Given(_texts.decode(raw))
    except UNREADABLE:
        given = _read_odd(raw)
    if overlay:
        given.parameters.update(overlay)
    _check_head(given)
    return given


def _check_head(given: Given) -> None:
    code, event_id = given.parameters.get("e"), given.parameters.get("eid")
    if code and len(code) <= MAX_ID_LENGTH and (event_id is None or len(event_id) <= MAX_ID_LENGTH):
        return
    if event_id is not None and len(event_id) > MAX_ID_LENGTH:
        detail = f"/eid: it has {len(event_id)} characters, at most {MAX_ID_LENGTH} are taken."
        raise UnusableEventError("event_id_too_long", "/eid", detail, event_id[:MAX_ID_LENGTH])
    if not code:
        raise UnusableEventError("missing_name", "/e", "`e` (the type of the event) is required.", event_id)
    detail = f"/e: it has {len(code)} characters, at most {MAX_ID_LENGTH} are taken."
    raise UnusableEventError("name_too_long", "/e", detail, event_id)


def _read_odd(raw: bytes | msgspec.Raw) -> Given:
    """An event with values that are no text: numbers and booleans are made text, JSON that is not quoted is quoted."""
    try:
        fields = _decode_any(raw)
    except UNREADABLE as error:
        raise UnusableEventError("unreadable", "", str(error)) from error
    if not isinstance(fields, dict):
        raise UnusableEventError("not_an_object", "", "an event must be a JSON object.")
    parameters: Parameters = {}
    warnings: list[str] = []
    spare: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            parameters[name] = value
        elif isinstance(value, dict | list) and name not in JSON_PARAMETERS:
            _refuse_head(name, fields)
            warnings.append(f"invalid:/{name}")
            spare[name] = value
        elif value is not None:
            warnings.append(f"coerced:/{name}")
            parameters[name] = _text_of(value)
    return Given(parameters, tuple(warnings), spare)


def _refuse_head(name: str, fields: dict[str, Any]) -> None:
    if name == "eid":
        raise UnusableEventError("invalid_event_id", "/eid", "/eid: Expected a string.")
    if name == "e":
        event_id = fields.get("eid")
        raise UnusableEventError("invalid_name", "/e", "/e: Expected a string.", event_id if isinstance(event_id, str) else None)


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return _encode(value).decode()
