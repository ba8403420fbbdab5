"""The write path as real processes for the fault tests: ingest workers, loader, ClickHouse, and clients that keep an account.

What is killed when, and what must hold afterwards, is in `test_faults.py`.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from ingest_service.loader.status import read_status
from tests.conftest import free_port

TENANTS = ("acme", "globex")
STORED = ("ok", "warning")
WAIT_SECONDS = 60.0


def until(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Wait for a condition that must come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(0.05)


class Clients:
    """Threads that post batches and, like a tracker, repeat one until it is answered. `stored` holds what was answered so."""

    def __init__(
        self, port: int, keys: dict[str, str], seed: int, *, threads: int = 2, batch: int = 20, pause: float = 0.02
    ) -> None:
        self._port = port
        self._keys = keys
        self._batch = batch
        self._pause = pause
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.sent: set[str] = set()
        self.stored: set[str] = set()
        self.dropped = 0
        self.refused: list[str] = []  # answers that a client should not see while the service is merely busy
        self._threads = [threading.Thread(target=self._run, args=(random.Random(seed + n),), daemon=True) for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No new batch; each thread ends when its last one is answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()

    def _run(self, rng: random.Random) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            tenant = rng.choice(TENANTS)
            body, ids = self._make(rng)
            while True:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
                try:
                    connection.request("POST", "/v1/events", body, {"X-Write-Key": self._keys[tenant]})
                    response = connection.getresponse()
                    answer = response.read()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    connection = None
                    time.sleep(0.05)
                    continue
                if response.status == 200:
                    self._account(ids, json.loads(answer)["results"])
                    break
                self.refused.append(f"{response.status} {answer[:200]!r}")
                time.sleep(0.05)
            if rng.random() < 0.1:  # a client that did not see the answer sends the same again
                self._stop.wait(self._pause)
                continue
            self._stop.wait(self._pause * rng.random() * 2)

    def _make(self, rng: random.Random) -> tuple[bytes, list[str]]:
        ids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(self._batch)]
        now = time.time()
        events: list[dict[str, Any]] = [
            {
                "event_id": event_id,
                "name": rng.choice(("page_viewed", "product_viewed", "product_added")),
                "time": int((now - rng.choice((0, 0, 0, 0, 86_400, 40 * 86_400))) * 1000),
                "anonymous_id": f"v{rng.randrange(50)}",
                "page": {"url": f"https://shop.example/p/{rng.randrange(100)}"},
            }
            for event_id in ids
        ]
        events.append(events[0])  # a repeat inside the request
        if rng.random() < 0.2:
            events.append({"name": "without id"})
        with self._lock:
            self.sent.update(ids)
        return json.dumps({"events": events}).encode(), [*ids, ids[0], ""][: len(events)]

    def _account(self, ids: list[str], results: list[dict[str, Any]]) -> None:
        assert len(results) == len(ids)
        with self._lock:
            self.stored.update(one for one, result in zip(ids, results, strict=True) if result["status"] in STORED)
            self.dropped += sum(result["status"] == "drop" for result in results)


class FaultWorld:
    """All processes of the write path over one directory, each of which can be killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.settings = Settings(data_dir=directory, ingest_port=free_port(), node_id="fault")
        self.server = EmbeddedClickHouse(directory / "clickhouse", "fault-password", free_port(), free_port())
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.clients: list[Clients] = []  # all that ever ran here: what must be in the warehouse
        self.log = directory / "processes.log"

    def start(self) -> None:
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.settings.secrets_dir.mkdir(mode=0o700, exist_ok=True)
        load_master_key(self.settings.master_key_path, create=True)
        self.server.start()
        with connect(self.server.url, purpose="tests") as client:
            migrate(client, self.settings)
            self.keys = {tenant: create_write_key(client, tenant) for tenant in TENANTS}
        self.start_process("ingest", "ingest_service")
        self.start_process("loader", "ingest_service.loader")
        until(lambda: self.probe("/readyz") == 200, f"the ingest service: {self.log}")
        until(lambda: read_status(self.settings.loader_dir) is not None, f"the loader: {self.log}")

    def start_process(self, name: str, module: str) -> None:
        environment = {
            **os.environ,
            "GXY_DATA_DIR": str(self.settings.data_dir),
            "GXY_CLICKHOUSE_URL": self.server.url,
            "GXY_INGEST_PORT": str(self.settings.ingest_port),
            "GXY_INGEST_WORKERS": "1",
            "GXY_NODE_ID": self.settings.node_id,
        }
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen([sys.executable, "-m", module], env=environment, stdout=log, stderr=log)

    def stop(self) -> None:
        """End what runs, in order; nothing is left behind."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.server.stop()

    def start_clients(self, seed: int) -> Clients:
        """New clients under load."""
        clients = Clients(self.settings.ingest_port, self.keys, seed + len(self.clients))
        self.clients.append(clients)
        clients.start()
        return clients

    def kill_worker(self) -> None:
        """kill -9 of the worker that serves; its parent puts another in its place."""
        parent = self.processes["ingest"].pid
        for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            os.kill(int(pid), signal.SIGKILL)

    def kill_loader(self) -> None:
        self.processes["loader"].kill()
        self.processes["loader"].wait()
        self.start_process("loader", "ingest_service.loader")

    def kill_clickhouse(self) -> None:
        self.server.kill()
        self.server.start()

    def probe(self, path: str) -> int:
        """Status code of a GET, 0 when nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.ingest_port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def wait_until_loaded(self) -> None:
        """Until a picture of the loader that is younger than this call shows no lag."""
        asked = time.time()

        def is_loaded() -> bool:
            status = read_status(self.settings.loader_dir)
            return status is not None and status.updated_at > asked + 0.1 and status.lag_bytes == 0

        until(is_loaded, f"the loader to catch up: {self.log}")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.server.url, purpose="tests") as client:
            return [tuple(row) for row in client.query(sql).result_rows]
