"""The ingest processes under kill -9, SIGTERM and a full disk: what was answered is on disk, what cannot be is refused."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from ingest_process import KEY, IngestProcess, event, until

from ingest_service.spool.reader import SegmentEnd
from tests.conftest import free_port


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path, free_port(), workers=2)
    yield process
    process.stop()


class Load:
    """Clients that post small batches until told to stop, and remember which events were answered `ok`."""

    def __init__(self, url: str, clients: int = 8) -> None:
        self._url = url
        self._clients = clients
        self._numbers = count()
        self._stopping = False
        self.accepted: set[str] = set()
        self.refused: list[int] = []

    async def __aenter__(self) -> Load:
        self._tasks = [asyncio.create_task(self._post_forever()) for _ in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def more(self, number: int) -> None:
        """Wait until this many further events were accepted."""
        target = len(self.accepted) + number
        async with asyncio.timeout(60):
            while len(self.accepted) < target:
                await asyncio.sleep(0.005)

    async def _post_forever(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, headers={"X-Write-Key": KEY}) as client:
            while not self._stopping:
                events = [event(f"load-{next(self._numbers)}") for _ in range(3)]
                try:
                    answer = await client.post("/v1/events", json={"events": events})
                except httpx.TransportError:
                    await asyncio.sleep(0.01)
                    continue
                if answer.status_code == 200:
                    self.accepted.update(result["event_id"] for result in answer.json()["results"])
                else:
                    self.refused.append(answer.status_code)


def kill_workers(ingest: IngestProcess, rounds: int) -> Load:
    async def scenario() -> Load:
        async with Load(ingest.url) as load:
            for _ in range(rounds):
                await load.more(random.randint(1, 200))
                workers = ingest.workers()
                if workers:
                    os.kill(random.choice(workers), signal.SIGKILL)
            await load.more(200)
        return load

    return asyncio.run(scenario())


def assert_nothing_accepted_is_missing(ingest: IngestProcess, load: Load) -> None:
    spooled = ingest.spooled_ids()
    assert load.accepted <= set(spooled)
    assert len(spooled) == len(set(spooled))
    assert set(ingest.segment_ends()) == {SegmentEnd.SEALED}


def test_nothing_that_was_answered_is_lost_when_workers_are_killed_under_load(ingest: IngestProcess) -> None:
    ingest.start()
    load = kill_workers(ingest, rounds=6)
    assert len(ingest.workers()) == 2
    assert ingest.stop() == 0
    assert_nothing_accepted_is_missing(ingest, load)


@pytest.mark.slow
def test_nothing_that_was_answered_is_lost_in_forty_kills(ingest: IngestProcess) -> None:
    ingest.start()
    load = kill_workers(ingest, rounds=40)
    assert ingest.stop() == 0
    assert_nothing_accepted_is_missing(ingest, load)


def test_a_killed_worker_is_replaced_and_takes_its_slot_again(ingest: IngestProcess) -> None:
    ingest.start()
    ingest.post(event("before"))
    until(lambda: len(ingest.segments()) == 2, "both workers' slots")
    slots = {path.parent for path in ingest.segments()}
    before = ingest.workers()
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(set(ingest.workers()) - set(before)) == 1, "a new worker")
    until(lambda: len(ingest.segments()) == 3, "the slot's new segment")
    assert {path.parent for path in ingest.segments()} == slots


def test_sigterm_under_load_ends_in_order_with_everything_sealed(ingest: IngestProcess) -> None:
    async def scenario() -> Load:
        async with Load(ingest.url) as load:
            await load.more(200)
            ingest.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(ingest.process.wait, 20)
        return load

    ingest.start()
    load = asyncio.run(scenario())
    assert ingest.process.returncode == 0
    assert_nothing_accepted_is_missing(ingest, load)


def test_while_draining_it_is_live_but_not_ready_and_requests_in_flight_are_answered(ingest: IngestProcess) -> None:
    ingest.start()
    with socket.create_connection(("127.0.0.1", ingest.port)) as slow, httpx.Client(base_url=ingest.url) as client:
        body = b'{"events": [{"event_id": "in-flight", "name": "x", "time": 1, "anonymous_id": "a"}]}'
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
        slow.sendall(head.encode() + body[:20])
        client.get("/livez")
        ingest.process.send_signal(signal.SIGTERM)
        until(lambda: client.get("/readyz").status_code == 503, "readiness to fall")
        slow.sendall(body[20:])
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")
    ingest.process.wait(20)
    assert ingest.spooled_ids() == ["in-flight"]


def test_when_the_parent_is_killed_no_worker_keeps_the_port(ingest: IngestProcess) -> None:
    ingest.start()
    ingest.post(event("first"))
    workers = ingest.workers()
    ingest.process.kill()
    ingest.process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers to end")
    ingest.start()
    ingest.post(event("second"))
    assert ingest.spooled_ids() == ["first", "second"]


def test_a_taken_port_is_one_clear_line(ingest: IngestProcess) -> None:
    with socket.create_server(("127.0.0.1", ingest.port)):
        ingest.start(wait=False)
        assert ingest.process.wait(20) == 1
    last = (ingest.data_dir / "ingest.log").read_text().splitlines()[-1]
    assert (
        last
        == f"ingest: cannot listen on 127.0.0.1:{ingest.port} (Address already in use): stop what does, or set GXY_INGEST_PORT."
    )


def test_a_disk_that_takes_nothing_is_503_and_not_ready_until_it_takes_again(ingest: IngestProcess) -> None:
    """A limit on file sizes stands in for a full disk: preallocation fails just so, and it can be lifted from outside."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ingest.start(wait=False, before_exec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard)))
    until(lambda: ingest.probe("/livez") == 200, "liveness")
    refused = ingest.post(event("refused"))
    assert (refused.status_code, refused.json()["code"]) == (503, "spool_unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert ingest.probe("/readyz") == 503

    for pid in ingest.workers():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    until(lambda: ingest.probe("/readyz") == 200, "readiness to come back")
    until(lambda: ingest.post(event("taken")).status_code == 200, "both workers to write")
    assert set(ingest.spooled_ids()) == {"taken"}
