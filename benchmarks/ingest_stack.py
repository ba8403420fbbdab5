"""The processes that `benchmarks.ingest` measures: ClickHouse, ingest service, loader, on free ports in their own directory.

What is measured belongs to `ingest`.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from clickhouse_connect.driver.client import Client

from benchmarks.load import Plan, Result
from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.warehouse.client import connect, read_sql
from gxy_analytics.warehouse.embedded import ADMIN, EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate

TENANT = "bench"
PROTOCOLS: dict[str, tuple[str, dict[str, str]]] = {
    "native": ("/v1/events?key={key}", {}),
    "snowplow": ("/{key}/tp2", {}),
    "segment": ("/v1/batch", {"Authorization": "Basic {basic}"}),
}
INSERT = "INSERT INTO baseline.events FORMAT JSONEachRow"
ASYNC_INSERT = "async_insert=1&wait_for_async_insert=1&date_time_input_format=best_effort"


@dataclass
class IngestStack:
    """A running stack and how to load it."""

    settings: Settings
    server: EmbeddedClickHouse
    client: Client
    write_key: str
    ingest: subprocess.Popen[bytes]
    loader: subprocess.Popen[bytes]

    def native_plan(self, batch: int, connections: int, seconds: float, rate: float = 0.0) -> Plan:
        """Posts to the ingest service."""
        url = f"http://127.0.0.1:{self.settings.ingest_port}/v1/events"
        return Plan(url, {"X-Write-Key": self.write_key}, "native", batch, connections, seconds, rate)

    def protocol_plan(self, protocol: str, batch: int, connections: int, seconds: float) -> Plan:
        """Posts of another protocol to the ingest service."""
        path, headers = PROTOCOLS[protocol]
        url = f"http://127.0.0.1:{self.settings.ingest_port}{path.format(key=self.write_key)}"
        basic = base64.b64encode(f"{self.write_key}:".encode()).decode()
        return Plan(
            url, {name: value.format(basic=basic) for name, value in headers.items()}, protocol, batch, connections, seconds, 0.0
        )

    def baseline_plan(self, batch: int, connections: int, seconds: float) -> Plan:
        """The same events straight to ClickHouse."""
        url = f"http://127.0.0.1:{self.server.http_port}/?query={INSERT.replace(' ', '%20')}&{ASYNC_INSERT}"
        headers = {"X-ClickHouse-User": ADMIN, "X-ClickHouse-Key": self.server.password}
        return Plan(url, headers, "rows", batch, connections, seconds, 0.0)

    def loaded(self) -> int:
        """Events in raw.events."""
        return int(self.client.query("select count() from raw.events").result_rows[0][0])

    def worker_peak_mib(self) -> float:
        """Largest peak resident size of an ingest worker."""
        children = Path(f"/proc/{self.ingest.pid}/task/{self.ingest.pid}/children").read_text().split()
        return max(peak_mib(int(pid)) for pid in children)


def peak_mib(pid: int) -> float:
    """VmHWM of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def generate(plan: Plan) -> Result:
    """Run the load generator in a process of its own: it must not share the interpreter with anything it measures."""
    command = [sys.executable, "-m", "benchmarks.load", json.dumps(plan._asdict())]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=plan.seconds + 60)
    return Result(**json.loads(finished.stdout))


@contextmanager
def running_stack(directory: Path) -> Iterator[IngestStack]:
    """Start everything in `directory`, wait until it is ready, and stop it in order."""
    with ExitStack() as cleanup:
        server = EmbeddedClickHouse(directory / "clickhouse", "benchmark", free_port(), free_port())
        server.start()
        cleanup.callback(server.stop)
        settings = load_settings(data_dir=directory, clickhouse_url=server.url, ingest_port=free_port())
        client = cleanup.enter_context(connect(server.url, purpose="benchmark"))
        migrate(client, settings)
        for statement in read_sql("benchmarks", "ingest_baseline.sql").split(";"):
            client.command(statement)
        load_master_key(settings.master_key_path, create=True)
        write_key = create_write_key(client, TENANT)
        ingest = cleanup.enter_context(child("ingest_service", settings))
        loader = cleanup.enter_context(child("ingest_service.loader", settings))
        _wait_until_ready(settings.ingest_port)
        yield IngestStack(settings, server, client, write_key, ingest, loader)


@contextmanager
def child(module: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m module` with these settings, ended by SIGTERM."""
    environment = {
        **os.environ,
        "GXY_DATA_DIR": str(settings.data_dir),
        "GXY_CLICKHOUSE_URL": str(settings.clickhouse_url),
        "GXY_INGEST_PORT": str(settings.ingest_port),
    }
    with (settings.data_dir / f"{module}.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", module], env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(port: int, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"the ingest service did not become ready on port {port}")
