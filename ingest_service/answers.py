"""What a client gets back: the answer, the refusal, and how both go out.

Which code a client family needs belongs to its protocol.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec
from litestar.types import Send

from gxy_analytics.errors import GxyError

JSON = b"application/json"
CORS_HEADERS = [(b"access-control-expose-headers", b"retry-after"), (b"vary", b"origin")]
ALLOWED_METHODS = b"GET, HEAD, POST, OPTIONS"
ALLOWED_HEADERS = b"content-type, content-encoding, authorization, x-write-key, sp-anonymous, anonymousid, x-retry-count"
MAX_ASKED_HEADERS = 512  # bytes of a preflight's list
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:\s*,\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


class Refusal(msgspec.Struct, omit_defaults=True):
    """Body of every 4xx and 5xx. `pointer` is a JSON pointer, `byte` counts from 0, `line` from 1; each where it is known."""

    code: str
    message: str
    pointer: str | None = None
    byte: int | None = None
    line: int | None = None


class RefusalError(GxyError):
    """A request that is not taken as it is. `retry_after` is in seconds: set when the same request may succeed later."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.refusal = Refusal(code, message)
        self.retry_after = retry_after


class MalformedBodyError(RefusalError):
    """A body that is no batch of events; the message says where and why. It becomes a dead letter as a whole.

    `notes` go into its record's headers: what the loader must know to explain it.
    """

    def __init__(self, message: str, *, pointer: str | None = None, byte: int | None = None, line: int | None = None) -> None:
        super().__init__(400, "malformed_body", message)
        self.refusal = Refusal("malformed_body", message, pointer, byte, line)
        self.notes: dict[str, str] = {}


class ClientGoneError(GxyError):
    """The client closed the connection before its body was whole: nobody to answer."""


class Answer(NamedTuple):
    """A whole response; `extra` are headers beside type, length and CORS."""

    status: int
    body: bytes
    extra: tuple[tuple[bytes, bytes], ...] = ()
    media_type: bytes = JSON

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Everything but type and length."""
        return [*CORS_HEADERS, *self.extra]


_encoder = msgspec.json.Encoder()


def refuse(error: RefusalError) -> Answer:
    """The answer for a refusal."""
    extra = ((b"retry-after", b"%d" % error.retry_after),) if error.retry_after is not None else ()
    return Answer(error.status, _encoder.encode(error.refusal), extra)


def cors_headers(origin: bytes | None) -> list[tuple[bytes, bytes]]:
    """Trackers send with credentials, so the origin is named, never `*`. No cookie is read; `Intake` checks origins."""
    if origin is None:
        return [(b"access-control-allow-origin", b"*")]
    return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")]


async def send_answer(send: Send, answer: Answer, origin: bytes | None = None) -> None:
    """Write the answer to the client, in two ASGI messages."""
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [(b"content-type", answer.media_type), length, *answer.headers, *cors_headers(origin)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def send_preflight(send: Send, asked: dict[bytes, bytes]) -> None:
    """Answer a browser's CORS preflight: what is asked for is allowed, so that a tracker's custom header is no obstacle."""
    names = asked.get(b"access-control-request-headers", b"")[:MAX_ASKED_HEADERS]
    headers = [
        *cors_headers(asked.get(b"origin")),
        (b"access-control-allow-methods", ALLOWED_METHODS),
        (b"access-control-allow-headers", names if _HEADER_NAMES.fullmatch(names) else ALLOWED_HEADERS),
        (b"access-control-max-age", b"86400"),
        (b"vary", b"origin, access-control-request-headers"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
