"""HTTP/1.1 by hand, for requests that no well-behaved client would send. What they prove is in the tests."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, NamedTuple

ANSWER_SECONDS = 40.0


class Reply(NamedTuple):
    """Status, headers by lower-case name, body, seconds until it was there. Status 0: the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


async def send(
    port: int, head: dict[str, str], pieces: Iterable[bytes] | AsyncIterator[bytes], path: str = "/v1/events"
) -> Reply:
    """POST `pieces` as they come, with exactly these headers, until all are sent or an answer comes; then read the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = time.monotonic()
    try:
        writer.write(request_head(head, path))
        sending = asyncio.create_task(_write(writer, pieces))
        reply = await asyncio.wait_for(_read(reader, started), ANSWER_SECONDS)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return reply
    finally:
        writer.close()


def request_head(head: dict[str, str], path: str = "/v1/events") -> bytes:
    """The request line and headers."""
    fields = {"Host": "ingest.example", **head}
    return (f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode()


def chunked(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """The pieces in HTTP's chunked encoding, which names no length beforehand."""
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def peak_mib(pids: Iterable[int]) -> float:
    """Largest peak resident size of the processes, in MiB."""
    statuses = [Path(f"/proc/{pid}/status").read_text().splitlines() for pid in pids]
    return max(int(line.split()[1]) / 1024 for status in statuses for line in status if line.startswith("VmHWM"))


async def _write(writer: asyncio.StreamWriter, pieces: Any) -> None:
    if isinstance(pieces, AsyncIterator):
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()
    else:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()


async def _read(reader: asyncio.StreamReader, started: float) -> Reply:
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (ConnectionError, asyncio.IncompleteReadError):
        return Reply(0, {}, b"", time.monotonic() - started)
    return Reply(int(lines[0].split()[1]), headers, body, time.monotonic() - started)
