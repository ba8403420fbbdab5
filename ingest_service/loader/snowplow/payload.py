"""Self-describing JSON inside parameters: plain or base64 (URL-safe or not, padded or not), and out of its wrapper.

What the data mean belongs to `events` and `entities`.
"""

from __future__ import annotations

import binascii
from typing import Any

import msgspec

from ingest_service.loader.snowplow.schema_uri import parse_uri
from ingest_service.protocols import native
from ingest_service.protocols.snowplow.parameters import UNREADABLE

EVENT_WRAPPER = "unstruct_event"

_decode = msgspec.json.Decoder(float_hook=lambda digits: msgspec.Raw(digits.encode())).decode


class UnreadablePayloadError(Exception):
    """The text is no self-describing JSON, and why."""


def read_json(text: str, *, is_base64: bool) -> Any:
    """The JSON value; its fractions stay text (`msgspec.Raw`), digit by digit. Raises UnreadablePayloadError."""
    try:
        data = _from_base64(text) if is_base64 else text.encode()
    except (ValueError, binascii.Error) as error:
        raise UnreadablePayloadError(f"not base64: {error}") from error
    try:
        return _decode(data)
    except UNREADABLE as error:
        if b"\\u" not in data:
            raise UnreadablePayloadError(str(error)) from error
    try:
        return _decode(native.prepare(data))  # a title cut inside an emoji, as at the door
    except (*UNREADABLE, native.MalformedBodyError) as error:
        raise UnreadablePayloadError(str(error)) from error


def unwrap_event(given: Any) -> tuple[str, Any]:
    """Schema and data of the event inside of its wrapper (or without one). Raises UnreadablePayloadError."""
    schema, data = _schema_of(given), given["data"]
    name = parse_uri(schema)
    if name is not None and name.name == EVENT_WRAPPER:
        schema, data = _schema_of(data), data["data"]
    if parse_uri(schema) is None:
        raise UnreadablePayloadError("the event's schema is no Iglu URI")
    return schema, data


def unwrap_entities(given: Any) -> list[Any]:
    """The entities inside of their wrapper. Raises UnreadablePayloadError."""
    if type(given) is dict and type(given.get("data")) is list:
        found: list[Any] = given["data"]
        return found
    raise UnreadablePayloadError("no list of entities")


def _schema_of(given: Any) -> str:
    if type(given) is dict and type(given.get("schema")) is str and "data" in given:
        schema: str = given["schema"]
        return schema
    raise UnreadablePayloadError("no self-describing JSON: `schema` and `data` are required")


def _from_base64(text: str) -> bytes:
    """A query's `+` may have become a blank; padding is optional."""
    if "-" in text or "_" in text or " " in text:
        text = text.replace("-", "+").replace("_", "/").replace(" ", "+")
    return binascii.a2b_base64(text.rstrip("=") + "==="[: -len(text.rstrip("=")) % 4])
