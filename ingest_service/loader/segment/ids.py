"""Ids: of a call without a usable messageId, and of whom a call is about."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import Any

import xxhash

from ingest_service.loader.coercion import UNREADABLE
from ingest_service.loader.draft import Request
from ingest_service.loader.segment.message import decode_any, encode_sorted
from ingest_service.loader.segment.readers import KEY

OF_DELIVERY = ("sentAt", "writeKey", "_metadata")  # what a retry may say differently


def content_id(raw: bytes, has_time: bool, request: Request, index: int) -> str:
    """`content-` and 32 hex characters, the same whenever the same call is sent again.

    Without a time of its own, equal calls may well be two: then the request that brought it counts too.
    """
    call = decode_any(raw)
    for name in OF_DELIVERY:
        call.pop(name, None)
    place = b"" if has_time else b"%d:%d:%d" % (request.received_ms, request.offset, index)
    return "content-" + xxhash.xxh3_128_hexdigest(encode_sorted(call) + place)


def identity(value: Any, pointer: str, warnings: list[str]) -> str | None:
    """An id as text; None where there is none, with a warning where it cannot be read."""
    if value is None or value == "":
        return None
    if type(value) is str and len(value) <= KEY.max_chars:
        return value
    found = KEY.read(value)
    if found is UNREADABLE:
        warnings.append(f"invalid:{pointer}")
        return None
    return str(found)


def header_anonymous_id(header: str) -> str | None:
    """The id of RudderStack's AnonymousId header: base64 from its SDKs, else as it is."""
    if not header:
        return None
    try:
        return b64decode(header, validate=True).decode("ascii")
    except (Error, ValueError):
        return header
