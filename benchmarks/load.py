"""A load generator in one process: closed-loop or paced HTTP/1.1 posts of unique events over kept-alive connections.

`python -m benchmarks.load` prints one JSON object. What is measured and judged belongs to the benchmarks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import uvloop

from benchmarks.envelopes import ENVELOPES

END_OF_HEAD = b"\r\n\r\n"


class Plan(NamedTuple):
    """What to send: `rate` in requests a second over all connections, 0 for as fast as answers come."""

    url: str
    headers: dict[str, str]
    envelope: str  # a name of ENVELOPES
    batch: int
    connections: int
    seconds: float
    rate: float


class Result(NamedTuple):
    """What came back. `events` were in requests answered 200; latencies in milliseconds."""

    requests: int
    events: int
    failures: int
    seconds: float
    p50_ms: float
    p99_ms: float
    last_failure: str


def requests_of(plan: Plan) -> Iterator[bytes]:
    """Whole requests, each event with an id of its own."""
    parts = urlsplit(plan.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    sent = {"Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "gxy-bench/1", **plan.headers}
    head = f"POST {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    words, now = ENVELOPES[plan.envelope], datetime.now(UTC)
    fields: dict[bytes, bytes | int] = {
        b"run": secrets.token_hex(4).encode(),
        b"instant": now.isoformat(timespec="milliseconds")[:23].encode() + b"Z",
        b"millis": int(now.timestamp() * 1000),
    }
    numbers = count()
    start = head.encode()
    while True:
        events = [
            words.event % (fields | {b"number": n, b"visitor": n % 5000, b"product": n % 900})
            for n in (next(numbers) for _ in range(plan.batch))
        ]
        body = words.before + words.between.join(events) + words.after
        yield start + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole (and, when paced, its turn has come)."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._schedule()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        status = answered(self._buffer)
        if status is None:
            return
        self._run.answered(status, self._buffer, time.perf_counter() - self._sent_at)
        self._buffer = b""
        self._schedule()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.closed()

    def _schedule(self) -> None:
        delay = self._run.turn()
        if delay is None:
            self._transport.close()
        elif delay <= 0:
            self._send()
        else:
            self._run.loop.call_later(delay, self._send)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._run.requests))  # type: ignore[attr-defined]


class Run:
    """One plan under way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loop = asyncio.get_running_loop()
        self.requests = requests_of(plan)
        self.done = asyncio.Event()
        self.error: Exception | None = None
        self._started = time.perf_counter()
        self._turns = count()
        self._open = plan.connections
        self._latencies: list[float] = []
        self._failures = 0
        self._last_failure = ""

    def turn(self) -> float | None:
        """Seconds until the caller may send, None when time is over."""
        elapsed = time.perf_counter() - self._started
        due = next(self._turns) / self.plan.rate if self.plan.rate else elapsed
        return due - elapsed if max(due, elapsed) < self.plan.seconds else None

    def answered(self, status: int, answer: bytes, seconds: float) -> None:
        if status == 200:
            self._latencies.append(seconds)
        else:
            self._failures += 1
            self._last_failure = answer[:300].decode("latin-1")

    def fail(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A defect of the generator itself must end the run, not leave it hanging."""
        self.error = context.get("exception") or RuntimeError(context["message"])
        self.done.set()

    def closed(self) -> None:
        self._open -= 1
        if self._open == 0:
            self.done.set()

    def result(self) -> Result:
        """Rates over the time from the first request to the last answer."""
        ordered = sorted(self._latencies) or [float("nan")]
        return Result(
            requests=len(self._latencies),
            events=len(self._latencies) * self.plan.batch,
            failures=self._failures,
            seconds=time.perf_counter() - self._started,
            p50_ms=ordered[len(ordered) // 2] * 1e3,
            p99_ms=ordered[int(len(ordered) * 0.99)] * 1e3,
            last_failure=self._last_failure,
        )


def answered(buffer: bytes) -> int | None:
    """Status code of a whole response with a Content-Length or in chunks, None while it is not whole."""
    end = buffer.find(END_OF_HEAD)
    if end < 0:
        return None
    head = buffer[:end].lower()
    position = head.find(b"content-length:")
    if position >= 0:
        length = int(head[position + 15 :].split(b"\r", 1)[0])
        whole = len(buffer) >= end + len(END_OF_HEAD) + length
    else:
        whole = buffer.endswith(b"0\r\n\r\n")
    return int(head[9:12]) if whole else None


async def run(plan: Plan) -> Result:
    """Open the connections, follow the plan, and wait for the last answer."""
    loop = asyncio.get_running_loop()
    parts = urlsplit(plan.url)
    host, port = parts.hostname or "", parts.port or 80
    work = Run(plan)
    loop.set_exception_handler(work.fail)
    for _ in range(plan.connections):
        await loop.create_connection(lambda: Connection(work), host, port)
    await work.done.wait()
    if work.error:
        raise work.error
    return work.result()


def main() -> None:
    """Read a plan from the arguments, print its result as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("plan", help="JSON of a Plan")
    plan = Plan(**json.loads(parser.parse_args().plan))
    print(json.dumps(uvloop.run(run(plan))._asdict()), file=sys.stdout)


if __name__ == "__main__":
    main()
