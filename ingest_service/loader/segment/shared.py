"""What a batch says once for all its calls. Each call gets it before it is read, so that its dead letter stands for itself."""

from __future__ import annotations

import msgspec

from ingest_service.loader.segment.message import Body, decode_fields, encode
from ingest_service.protocols.segment.judge import UNREADABLE

NOTHING = (b"", b"null", b"{}")


def with_shared(body: Body) -> list[msgspec.Raw]:
    """The calls of a batch, each with the batch's `context` beneath its own."""
    calls = body.batch or []
    if bytes(body.context) in NOTHING:
        return calls
    try:
        shared = decode_fields(body.context)
    except UNREADABLE:
        return calls
    return [_with_context(call, shared) for call in calls]


def _with_context(call: msgspec.Raw, shared: dict[str, msgspec.Raw]) -> msgspec.Raw:
    """The call as it is where it, or its context, is no object: then it is judged as it came."""
    try:
        fields = decode_fields(call)
        own = fields.get("context")
        context = shared if own is None or bytes(own) in NOTHING else shared | decode_fields(own)
    except UNREADABLE:
        return call
    return msgspec.Raw(encode(fields | {"context": context}))
