"""Reading a request off the wire: the few headers we keep, the truncated address, the body within its limits.

What a body means belongs to the protocols. Whose address it is belongs to `client_address`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from litestar.types import HTTPScope, Receive

from ingest_service.answers import ClientGoneError, RefusalError
from ingest_service.backpressure import ByteBudget

BODY_SECONDS = 30.0  # for the whole body: a client slower than that is refused
DISCARD_SECONDS = 5.0
DISCARD_BYTES = 32 << 20  # of a refused body; beyond that the connection is closed on the client
KEPT_HEADERS = (
    *(b"user-agent", b"accept-language", b"origin", b"referer", b"sec-gpc", b"dnt"),
    *(b"sec-ch-ua", b"sec-ch-ua-mobile", b"sec-ch-ua-platform"),  # compared with the user agent: see `enrich.bots`
)
MAX_HEADER_CHARS = 1024

Headers = dict[bytes, bytes]


def headers_of(scope: HTTPScope) -> Headers:
    """Headers by lower-case name; of a repeated one the last."""
    return dict(scope["headers"])


def kept_headers(headers: Headers) -> dict[str, str]:
    """What goes into the spool: no cookie, no authorization, no address."""
    return {name.decode(): headers[name][:MAX_HEADER_CHARS].decode("latin-1") for name in KEPT_HEADERS if name in headers}


def query_value(scope: HTTPScope, name: str) -> str | None:
    """First value of a query parameter."""
    if not scope["query_string"]:
        return None
    values = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=50).get(name)
    return values[0] if values else None


class Body:
    """The body of one request: read whole within `limit` bytes, or discarded so that the client can read its refusal.

    What it holds counts in `budget` until `release`.
    """

    def __init__(self, headers: Headers, receive: Receive, limit: int, budget: ByteBudget) -> None:
        self._receive = receive
        self._limit = limit
        self._budget = budget
        self._held = 0
        self._length = int(headers.get(b"content-length", -1))
        self._is_over = self._length == 0
        self._is_expired = False
        self._is_asked_for = headers.get(b"expect", b"").lower() != b"100-continue"  # else the client waits until it is read

    @property
    def announced(self) -> int:
        """Bytes that are to come by its Content-Length, at most the limit; 0 when it says nothing."""
        return min(max(self._length, 0), self._limit)

    def hold(self, size: int) -> None:
        """Count `size` more bytes. Raises RefusalError (503) when the worker holds too many."""
        self._budget.hold(size)
        self._held += size

    def release(self) -> None:
        """Nothing is held any more."""
        self._budget.release(self._held)
        self._held = 0

    async def read(self) -> bytes:
        """The body as sent. Raises RefusalError (413 over the limit, 408 when it does not arrive in time), ClientGoneError."""
        if self._length > self._limit:
            raise self._too_large()
        self._is_asked_for = True
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - requests are tasks
        timer = asyncio.get_running_loop().call_later(BODY_SECONDS, self._expire, task)  # asyncio.timeout takes 6 us, this 1
        try:
            first = await self._next()
            self.hold(len(first))
            return first if self._is_over and len(first) <= self._limit else await self._read_on(first)
        except asyncio.CancelledError:
            if not self._is_expired:
                raise
            task.uncancel()
            raise RefusalError(408, "body_too_slow", f"the body did not arrive within {BODY_SECONDS:.0f} s.") from None
        finally:
            timer.cancel()

    def _expire(self, task: asyncio.Task[Any]) -> None:
        self._is_expired = True
        task.cancel()

    async def discard(self) -> None:
        """Read on and forget, within bounds: closing with unread data resets the connection, and the answer is lost."""
        size = 0
        with suppress(TimeoutError, ClientGoneError):
            async with asyncio.timeout(DISCARD_SECONDS):
                while self._is_asked_for and not self._is_over and size < DISCARD_BYTES:
                    size += len(await self._next())

    async def _next(self) -> bytes:
        message: Any = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_over = True
            raise ClientGoneError("the client closed the connection before its body was whole.")
        body: bytes = message["body"]
        # Whole at its declared length: the empty message that follows is not waited for (20 us a request).
        self._is_over = not message.get("more_body") or len(body) == self._length
        return body

    async def _read_on(self, first: bytes) -> bytes:
        chunks = [first]
        size = len(first)
        while not self._is_over:
            if size > self._limit:
                raise self._too_large()
            chunks.append(await self._next())
            self.hold(len(chunks[-1]))
            size += len(chunks[-1])
        if size > self._limit:
            raise self._too_large()
        return b"".join(chunks)

    def _too_large(self) -> RefusalError:
        return RefusalError(413, "body_too_large", f"the body is over {self._limit} bytes: send fewer events at once.")
