"""The ingest service and the loader as real processes for the tests: start, find workers, stop, and read what was spooled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from gxy_analytics.governance.tenants.write_keys import hash_write_key
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings
from ingest_service.spool.reader import SegmentEnd, read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.segment import list_segments

NOBODY = "http://nobody:nothing@127.0.0.1:1"  # a ClickHouse that never answers
KEY = "test-write-key"


class IngestProcess:
    """`python -m ingest_service` over `data_dir`. Without `clickhouse_url` it knows only KEY, of tenant acme, from its cache."""

    def __init__(
        self, data_dir: Path, port: int, *, clickhouse_url: str | None = None, workers: int = 1, **environment: str
    ) -> None:
        self.data_dir = data_dir
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "GXY_DATA_DIR": str(data_dir),
            "GXY_INGEST_PORT": str(port),
            "GXY_INGEST_WORKERS": str(workers),
            "GXY_CLICKHOUSE_URL": clickhouse_url or NOBODY,
            **environment,
        }
        if clickhouse_url is None:
            cache = data_dir / "ingest" / "keys.json"
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps({hash_write_key(KEY): "acme"}))

    def start(self, *, wait: bool = True, before_exec: Callable[[], None] | None = None) -> None:
        self.log = (self.data_dir / "ingest.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest_service"],
            env=self._environment,
            stdout=self.log,
            stderr=self.log,
            preexec_fn=before_exec,
        )
        if wait:
            until(lambda: self.probe("/readyz") == 200, f"ready: {self.data_dir}/ingest.log")

    def probe(self, path: str) -> int:
        """Status code, 0 when nothing answers."""
        try:
            return httpx.get(self.url + path, timeout=5).status_code
        except httpx.TransportError:
            return 0

    def workers(self) -> list[int]:
        """Process ids of the workers that live."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children]

    def post(self, *events: dict[str, Any], **kwargs: Any) -> httpx.Response:
        return httpx.post(self.url + "/v1/events", json={"events": list(events)}, headers={"X-Write-Key": KEY}, **kwargs)

    def stop(self) -> int:
        """SIGTERM and the exit code; kills what does not stop."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                for pid in self.workers():
                    os.kill(pid, signal.SIGKILL)
                self.process.kill()
                self.process.wait()
        self.log.close()
        return self.process.returncode

    def spooled(self) -> list[SpoolRecord]:
        """Every durable record of every slot, by receipt."""
        records = [record for path in self.segments() for _, _, record in read_records(path)]
        return sorted(records, key=lambda record: record.received_ns)

    def segments(self) -> list[Path]:
        return [path for slot in sorted((self.data_dir / "spool").iterdir()) for path in list_segments(slot)]

    def segment_ends(self) -> list[SegmentEnd | None]:
        readers = [read_records(path) for path in self.segments()]
        for reader in readers:
            list(reader)
        return [reader.end for reader in readers]

    def spooled_ids(self) -> list[str]:
        return [event["event_id"] for record in self.spooled() for event in json.loads(record.body)["events"]]


@contextmanager
def running_loader(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m ingest_service.loader` with a master key of its own; its log is `loader.log` of the data directory."""
    load_master_key(settings.master_key_path, create=True)
    with (settings.data_dir / "loader.log").open("ab") as log:
        command = [sys.executable, "-m", "ingest_service.loader"]
        process = subprocess.Popen(command, env={**os.environ, **settings.as_env()}, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def event(event_id: str, **fields: Any) -> dict[str, Any]:
    """A whole event."""
    return {"event_id": event_id, "name": "page_viewed", "time": "2026-11-22T10:00:00Z", "anonymous_id": "a1", **fields}


def until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait for a condition; it is a bug or a dead process when it does not come within half a minute."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(0.02)
