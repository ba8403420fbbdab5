"""The collector as its operators see it: metrics of real processes, silent logs, orderly ends, restarts that show."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from ingest_process import KEY, NOBODY, IngestProcess, event, until
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from test_ingest_faults import Load, assert_nothing_accepted_is_missing

from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings
from gxy_analytics.stack import processes
from gxy_analytics.stack.process import State
from gxy_analytics.stack.supervisor import Supervisor
from ingest_service.loader.status import LoaderStatus, read_status
from ingest_service.logs import BURST
from tests.conftest import free_port

EMAIL, ADDRESS, COOKIE, PERSON = "jane.doe@example.com", "203.0.113.77", "session=c00k1e-v4lue", "customer-4711"
BAD_KEY = "wk-planted-secret-0815"
AGENT, PAGE = "PlantedBrowser/9.9", "https://shop.example/private/4711"
PLANTED = (EMAIL, "jane.doe%40example.com", ADDRESS, "c00k1e", PERSON, BAD_KEY, KEY, AGENT, "shop.example", "private/4711")


class BlackHole:
    """A ClickHouse that accepts connections and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.url = f"http://nobody:nothing@127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                self._connections.append(self._listener.accept()[0])
            except OSError:
                return

    @property
    def was_asked(self) -> bool:
        return bool(self._connections)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()


@pytest.fixture
def black_hole() -> Iterator[BlackHole]:
    hole = BlackHole()
    yield hole
    hole.close()


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path, free_port(), workers=2, GXY_LOG_FORMAT="json")
    yield process
    process.stop()


class LoaderProcess:
    """`python -m ingest_service.loader` over `data_dir`."""

    def __init__(self, data_dir: Path, clickhouse_url: str = NOBODY) -> None:
        self.settings = Settings(data_dir=data_dir, clickhouse_url=clickhouse_url)
        load_master_key(self.settings.master_key_path, create=True)
        self._log = (data_dir / "loader.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest_service.loader"],
            env={**os.environ, **self.settings.as_env(), "GXY_LOG_FORMAT": "json"},
            stderr=self._log,
        )

    @property
    def status(self) -> LoaderStatus | None:
        found = read_status(self.settings.loader_dir)
        return found if found and found.pid == self.process.pid else None

    def wait_for(self, what: str) -> LoaderStatus:
        """Its status once it has `what`: a truthy field."""
        until(lambda: bool(self.status and getattr(self.status, what)), f"{what} in the loader's status")
        assert self.status is not None
        return self.status

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code and seconds until it came."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._log.close()
        return code, time.monotonic() - began


def families(url: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(httpx.get(f"{url}/metrics").text)}


def value(url: str, name: str, **labels: str) -> float:
    """Sum of the samples with these labels."""
    samples = [sample for family in families(url).values() for sample in family.samples if sample.name == name]
    assert samples, name
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def log_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def raw_request(port: int, data: bytes) -> None:
    """Bytes that no HTTP client would send; the service may hang up at any of them."""
    with socket.create_connection(("127.0.0.1", port), timeout=3) as connection, suppress(OSError):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def odd_requests(ingest: IngestProcess) -> None:
    """Every kind of refusal and nonsense, each with something personal in it."""
    headers = {"User-Agent": AGENT, "Cookie": COOKIE, "X-Forwarded-For": ADDRESS, "Referer": PAGE}
    keyed = headers | {"X-Write-Key": KEY}
    odd = event("odd", user_id=PERSON, traits={"email": EMAIL}, properties={"ip": ADDRESS, "mail": EMAIL})
    requests: list[dict[str, Any]] = [
        {"url": "/v1/events", "json": {"events": [odd, EMAIL, {"name": EMAIL}]}, "headers": keyed},
        {"url": "/v1/events", "content": b'{"events": [{"user_id": "%s", oops' % PERSON.encode(), "headers": keyed},
        {"url": "/v1/events", "content": b"\xff\xfe" + EMAIL.encode(), "headers": keyed},
        {"url": "/v1/events", "json": {"events": {"email": EMAIL}}, "headers": keyed},
        {"url": "/v1/events", "json": {"events": [1] * 1001}, "headers": keyed},
        {"url": "/v1/events", "content": EMAIL.encode(), "headers": keyed | {"Content-Encoding": "gzip"}},
        {"url": "/v1/events", "content": gzip.compress(bytes(20_000_000)), "headers": keyed | {"Content-Encoding": "gzip"}},
        {"url": "/v1/events", "content": EMAIL.encode(), "headers": keyed | {"Content-Encoding": f"x-{PERSON}"}},
        {"url": f"/v1/events?key={BAD_KEY}&email={EMAIL}", "json": {"events": [odd]}, "headers": headers},
        {"url": "/v1/events", "json": {"events": [odd]}, "headers": headers | {"X-Write-Key": BAD_KEY}},
        {"url": "/v1/events", "json": {"events": [odd]}, "headers": headers},
        {"url": "/v1/events", "json": {"events": [odd]}, "headers": headers | {"Authorization": basic(BAD_KEY)}},
        {"url": f"/{PERSON}/{EMAIL}?page={PAGE}", "json": {}, "headers": keyed},
        {"url": f"/v1/events/{EMAIL}", "json": {}, "headers": keyed},
        {"url": "/v1/track", "json": {"writeKey": BAD_KEY, "userId": PERSON, "event": EMAIL}, "headers": headers},
        {"url": f"/{BAD_KEY}/tp2", "json": {"schema": EMAIL, "data": [{"e": "pv", "url": PAGE}]}, "headers": headers},
        {"url": "/v1/events", "method": "PUT", "json": {"email": EMAIL}, "headers": keyed},
        {"url": "/v1/events", "method": "OPTIONS", "headers": keyed | {"Origin": PAGE}},
        {"url": f"/i?aid={BAD_KEY}&e=pv&uid={PERSON}&url={PAGE}", "method": "GET", "headers": headers},
    ]
    with httpx.Client(base_url=ingest.url, timeout=10) as client:
        for request in requests:
            client.request(**{"method": "POST"} | request)
    raw_request(ingest.port, f"GET /{EMAIL} HTTP/9.9\r\n\r\n".encode())
    raw_request(ingest.port, f"{EMAIL}\r\nCookie: {COOKIE}\r\n\r\n".encode())
    raw_request(ingest.port, f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: {PERSON}\r\n\r\n".encode())
    raw_request(ingest.port, b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + f"X-{PERSON}: {EMAIL}\r\n".encode() * 3000 + b"\r\n")


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def test_metrics_are_those_of_all_workers_also_of_one_that_was_killed(ingest: IngestProcess) -> None:
    ingest.start()
    for number in range(20):
        assert ingest.post(event(f"counted-{number}")).status_code == 200
    httpx.post(f"{ingest.url}/v1/events", json={"events": []})
    killed = ingest.workers()[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in ingest.workers(), "the end of a worker, which may have taken the next connection")
    until(lambda: value(ingest.url, "gxy_ingest_worker_restarts_total") == 1, "the death to be counted")
    until(lambda: value(ingest.url, "gxy_ingest_workers") == 2, "the new worker")
    assert value(ingest.url, "gxy_ingest_events_total", status="ok", tenant_class="default") == 20
    assert value(ingest.url, "gxy_ingest_refused_total", code="missing_write_key") == 1
    assert value(ingest.url, "gxy_ingest_spool_unloaded_bytes") > 20 * 100
    assert 0 < value(ingest.url, "gxy_ingest_spool_oldest_unloaded_seconds") < 60
    roles = {sample.labels["role"] for sample in families(ingest.url)["gxy_process_resident_memory_bytes"].samples}
    assert roles == {"parent", "worker"}
    assert value(ingest.url, "gxy_process_resident_memory_bytes") > 20e6


def test_nothing_that_a_client_sent_is_in_the_logs_of_service_or_loader(ingest: IngestProcess) -> None:
    ingest.start()
    odd_requests(ingest)
    loader = LoaderProcess(ingest.data_dir)
    loader.wait_for("clickhouse_error")
    assert ingest.stop() == 0
    assert loader.stop()[0] == 0
    written = (ingest.data_dir / "ingest.log").read_text() + (ingest.data_dir / "loader.log").read_text()
    assert [planted for planted in PLANTED if planted.lower() in written.lower()] == []
    refused = [line for line in log_lines(ingest.data_dir / "ingest.log") if line["event"] == "refused"]
    assert {line["code"] for line in refused} >= {"missing_write_key", "malformed_body", "body_too_large", "unknown_encoding"}
    assert {type(line["status"]) for line in refused} == {int}
    assert {line["event"] for line in log_lines(ingest.data_dir / "loader.log")} >= {"loader_started", "loader_stopped"}


def test_requests_that_are_taken_leave_no_line_and_a_flood_of_refused_ones_leaves_a_few(ingest: IngestProcess) -> None:
    ingest.start()
    before = (ingest.data_dir / "ingest.log").read_text()
    with httpx.Client(base_url=ingest.url) as client:
        for number in range(500):
            client.post("/v1/events", json={"events": [event(f"taken-{number}")]}, headers={"X-Write-Key": KEY})
            client.post("/v1/events", content=b"{}")
    lines = (ingest.data_dir / "ingest.log").read_text().removeprefix(before).splitlines()
    assert 0 < sum("refused" in line for line in lines) <= BURST * 2
    assert len(lines) < BURST * 10, "and a few about the ClickHouse that is down"
    assert value(ingest.url, "gxy_ingest_refused_total", code="missing_write_key") == 500


def test_the_service_ends_in_order_while_clickhouse_hangs(tmp_path: Path, black_hole: BlackHole) -> None:
    """Refreshing the keys waits in a thread for an answer that never comes: the end does not wait for that thread."""
    ingest = IngestProcess(tmp_path, free_port(), workers=2, GXY_CLICKHOUSE_URL=black_hole.url)

    async def scenario() -> Load:
        async with Load(ingest.url) as load:
            await load.more(200)
            until(lambda: black_hole.was_asked, "the keys to be asked for")
            ingest.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(ingest.process.wait, 20)
        return load

    ingest.start()
    try:
        began = time.monotonic()
        load = asyncio.run(scenario())
        assert time.monotonic() - began < 8
        assert ingest.process.returncode == 0
        assert "worker_killed" not in (tmp_path / "ingest.log").read_text()
    finally:
        ingest.stop()
    assert_nothing_accepted_is_missing(ingest, load)


def test_readiness_falls_before_the_port_closes(ingest: IngestProcess) -> None:
    ingest.start()
    with httpx.Client(base_url=ingest.url) as client:
        assert client.get("/readyz").status_code == 200
        ingest.process.send_signal(signal.SIGTERM)
        codes = []
        for _ in range(5):
            codes.append(client.get("/readyz").status_code)
            if codes[-1] == 503:
                break
            time.sleep(0.02)
        taken = client.post("/v1/events", json={"events": [event("late")]}, headers={"X-Write-Key": KEY})
    assert codes[-1] == 503
    assert taken.status_code == 200
    assert ingest.process.wait(10) == 0
    assert "late" in ingest.spooled_ids()


def test_a_loader_ends_at_once_while_clickhouse_is_down_and_calls_that_orderly(ingest: IngestProcess) -> None:
    ingest.start()
    ingest.post(event("waits"))
    first = LoaderProcess(ingest.data_dir)
    first.wait_for("clickhouse_error")
    code, seconds = first.stop()
    assert (code, seconds < 4) == (0, True)
    ended = read_status(first.settings.loader_dir)
    assert ended is not None and ended.ended
    second = LoaderProcess(ingest.data_dir)
    assert second.wait_for("clickhouse_error").restarts == 0
    second.stop()


def test_a_loader_ends_within_its_grace_while_clickhouse_hangs(ingest: IngestProcess, black_hole: BlackHole) -> None:
    ingest.start()
    ingest.post(event("waits"))
    loader = LoaderProcess(ingest.data_dir, black_hole.url)
    until(lambda: black_hole.was_asked, "the insert to be tried")
    code, seconds = loader.stop()
    assert (code, seconds < 8) == (0, True)


def test_a_loader_that_was_killed_is_restarted_and_that_is_counted(ingest: IngestProcess) -> None:
    """The stack's own supervisor and its own declaration of the loader, without the rest of the stack."""
    ingest.start()
    settings = Settings(data_dir=ingest.data_dir, clickhouse_url=NOBODY)
    load_master_key(settings.master_key_path, create=True)
    told: list[str] = []
    env = processes.child_environment(settings)
    stack = Supervisor([processes.loader(settings, env)], settings.data_dir / "logs", lambda _name, what: told.append(what))
    stack.start()
    try:
        os.kill(stack.pids["loader"], signal.SIGKILL)
        process = stack.processes["loader"]
        deadline = time.monotonic() + 30
        while not stack.deaths or process.state is not State.READY:
            assert time.monotonic() < deadline
            stack.step()
            time.sleep(0.02)
        assert stack.deaths["loader"]["how"] == "killed by SIGKILL"
        assert sum("died (killed by SIGKILL): restarting in 0.5 s" in line for line in told) == 1
        assert value(ingest.url, "gxy_loader_restarts_total") == 1
        assert {"loader"} < {sample.labels["role"] for sample in families(ingest.url)["gxy_process_cpu_seconds"].samples}
    finally:
        stack.kill()


def test_watching_shows_a_new_page_every_second_until_ctrl_c(ingest: IngestProcess) -> None:
    ingest.start()
    command = [sys.executable, "-c", "from gxy_analytics.cli import main; main()", "ingest", "status", "--watch"]
    pid, terminal = pty.fork()
    if pid == 0:
        # Tests that run in the background of a shell have inherited that it is ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execve(sys.executable, command, {**os.environ, "GXY_DATA_DIR": str(ingest.data_dir), "COLUMNS": "80"})  # noqa: S606
    shown = b""
    deadline = time.monotonic() + 30
    while shown.count(b"2 of 2") < 3:
        assert time.monotonic() < deadline, shown[-2000:]
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65_536)
    os.write(terminal, b"\x03")
    with suppress(OSError):  # the terminal's other end is closed
        while rest := os.read(terminal, 65_536):
            shown += rest
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0
    assert b"Traceback" not in shown


def test_a_loader_without_its_key_says_so_in_one_line(tmp_path: Path) -> None:
    environment = {**os.environ, "GXY_DATA_DIR": str(tmp_path), "GXY_CLICKHOUSE_URL": NOBODY, "GXY_LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-m", "ingest_service.loader"], env=environment, capture_output=True, text=True)
    *_, last = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert (last["event"], last["level"]) == ("loader_failed", "critical")
    assert "master" in last["message"]
