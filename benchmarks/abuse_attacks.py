"""The attacks that `benchmarks.abuse` runs beside a well-behaved tenant, each from one process and at a bounded rate.

`python -m benchmarks.abuse_attacks NAME PORT KEY SECONDS` prints how often each status was answered, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import cycle

import brotli
import uvloop
import zstandard

BODY = b'{"events":[{"event_id":"%s","name":"page_viewed","anonymous_id":"a"}]}'
MEBIBYTE = bytes(1 << 20)
ANSWER_SECONDS = 15.0


class Target:
    """Where to send, with which key, until when."""

    def __init__(self, port: int, key: str, seconds: float) -> None:
        self.port = port
        self.key = key
        self.ends = time.monotonic() + seconds
        self.statuses: Counter[int] = Counter()

    def is_over(self) -> bool:
        return time.monotonic() >= self.ends

    async def post(self, key: str, length: int, pieces: AsyncIterator[bytes], extra: str = "") -> None:
        """One request on a connection of its own; counts its status, 0 when the connection ended without one."""
        status = 0
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: {key}\r\nContent-Length: {length}\r\n{extra}\r\n"
            writer.write(head.encode())
            sending = asyncio.create_task(_send(writer, pieces))
            try:
                status = int((await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER_SECONDS)).split()[1])
            finally:
                sending.cancel()
                writer.close()
        self.statuses[status] += 1


async def _send(writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes]) -> None:
    with contextlib.suppress(OSError):
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()


async def whole(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def repeat(target: Target, connections: int, rate: float, once: Callable[[], Awaitable[None]]) -> None:
    """Call `once` from so many connections until the time is over, `rate` a second over all of them."""

    async def one(first: float) -> None:
        await asyncio.sleep(first)
        while not target.is_over():
            due = time.monotonic() + connections / rate
            await once()
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    await asyncio.gather(*(one(number / rate) for number in range(connections)))


async def guessed_keys(target: Target) -> None:
    """400 keys a second that do not exist, each on a connection of its own: 10,000 in 25 s."""
    body = BODY % b"guess"
    await repeat(target, 400, 400, lambda: target.post(secrets.token_hex(16), len(body), whole(body)))


async def slow_clients(target: Target) -> None:
    """50 clients that send a byte every 0.2 s."""

    async def dribble() -> AsyncIterator[bytes]:
        while not target.is_over():
            yield b" "
            await asyncio.sleep(0.2)

    await repeat(target, 50, 50, lambda: target.post(target.key, 1_000_000, dribble()))


async def gigabytes(target: Target) -> None:
    """Four times a second a body of 1 GB, sent until somebody stops it."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield MEBIBYTE

    await repeat(target, 4, 4, lambda: target.post(target.key, 1000 << 20, endless()))


async def zip_bombs(target: Target) -> None:
    """50 times a second a bomb of 64 MiB; inflating it to the limit takes 6 ms (br), 5 ms (gzip), 0.1 ms (zstd) of a thread."""
    zeros = MEBIBYTE * 64
    made = {"gzip": gzip.compress(zeros, 9), "br": brotli.compress(zeros, quality=1), "zstd": zstandard.compress(zeros)}
    bombs = cycle(made.items())

    async def once() -> None:
        encoding, bomb = next(bombs)
        await target.post(target.key, len(bomb), whole(bomb), f"Content-Encoding: {encoding}\r\n")

    await repeat(target, 10, 50, once)


async def over_quota(target: Target) -> None:
    """10,000 events a second in 200 requests, of a tenant whose quota is a twentieth of that."""

    def batch() -> bytes:
        event = b'{"event_id":"%s","name":"page_viewed","anonymous_id":"a"}'
        return b'{"events":[' + b",".join(event % secrets.token_hex(8).encode() for _ in range(50)) + b"]}"

    async def once() -> None:
        body = batch()
        await target.post(target.key, len(body), whole(body))

    await repeat(target, 20, 200, once)


ATTACKS = {attack.__name__: attack for attack in (slow_clients, gigabytes, zip_bombs, guessed_keys, over_quota)}


def main() -> None:
    """Attack for the time that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=ATTACKS)
    parser.add_argument("port", type=int)
    parser.add_argument("key")
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    target = Target(options.port, options.key, options.seconds)
    uvloop.run(ATTACKS[options.name](target))
    print(json.dumps(target.statuses), file=sys.stdout)


if __name__ == "__main__":
    main()
