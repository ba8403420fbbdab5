"""The write path as it runs in production, for real clients: ingest service, loader and ClickHouse, and tenants to look at.

Clients meet it through a `Front`; what they must find belongs to the tests. Every test takes tenants of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.tenants.ingest_policies import change_policy
from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from ingest_service.loader.status import read_status
from tests.conftest import free_port
from tests.service.ingest_process import IngestProcess, until

LOAD_SECONDS = 30.0
LEDGER = ("accepted", "inserted", "deduplicated", "rejected", "dropped")


class ClientWorld:
    """One ingest service (one worker) and one loader over a directory and a ClickHouse server."""

    def __init__(self, directory: Path, clickhouse_url: str, **environment: str) -> None:
        self.settings = Settings(data_dir=directory, clickhouse_url=clickhouse_url, node_id="clients")
        self.client: Client = connect(clickhouse_url, purpose="client-tests")
        self.ingest = IngestProcess(
            directory, free_port(), clickhouse_url=clickhouse_url, GXY_NODE_ID=self.settings.node_id, **environment
        )

    def start(self, *, wait: bool = True, before_exec: Callable[[], None] | None = None) -> None:
        """Both processes; the service within the limits that `before_exec` sets, and maybe not ready yet."""
        self.settings.secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        load_master_key(self.settings.master_key_path, create=True)
        self.ingest.start(wait=wait, before_exec=before_exec)
        log = self.settings.data_dir / "loader.log"
        environment = os.environ | self.settings.as_env()
        with log.open("ab") as file:
            command = [sys.executable, "-m", "ingest_service.loader"]
            self._loader = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        until(lambda: read_status(self.settings.loader_dir) is not None, f"the loader: {log}")

    def stop(self) -> None:
        self.ingest.stop()
        self._loader.send_signal(signal.SIGTERM)
        try:
            self._loader.wait(20)
        except subprocess.TimeoutExpired:
            self._loader.kill()
            self._loader.wait()
        self.client.close()

    def tenant(self, kind: str = "public", **policy: Any) -> Tenant:
        """A new tenant with a key, and with a policy of its own if one is given."""
        tenant_id = f"t{uuid.uuid4().hex[:12]}"
        if policy:
            change_policy(self.client, tenant_id, policy)
        return Tenant(self, tenant_id, create_write_key(self.client, tenant_id, kind))  # type: ignore[arg-type]

    def settle(self) -> None:
        """Until everything that is durable now is loaded."""
        asked = time.time()

        def is_loaded() -> bool:
            status = read_status(self.settings.loader_dir)
            return status is not None and status.updated_at > asked + 0.1 and status.lag_bytes == 0

        until(is_loaded, f"the loader to catch up: {self.settings.data_dir}/loader.log", LOAD_SECONDS)


class Tenant:
    """A tenant of the world: its key and its rows."""

    def __init__(self, world: ClientWorld, tenant_id: str, key: str) -> None:
        self.world = world
        self.id = tenant_id
        self.key = key

    def rows(self, columns: str, table: str = "raw.events") -> list[dict[str, Any]]:
        """This tenant's rows, after everything durable was loaded."""
        self.world.settle()
        return self.rows_now(columns, table)

    def rows_now(self, columns: str, table: str = "raw.events") -> list[dict[str, Any]]:
        """This tenant's rows as they are."""
        found = self.world.client.query(
            f"select {columns} from {table} where tenant_id = {{tenant:String}}", parameters={"tenant": self.id}
        )
        return [dict(row) for row in found.named_results()]

    def count(self) -> int:
        """Events in raw.events, loaded so far."""
        return int(self.rows_now("count() as number")[0]["number"])

    def wait_for(self, number: int, seconds: float = LOAD_SECONDS) -> None:
        """Until so many events are in raw.events."""
        until(lambda: self.count() >= number, f"{number} events of {self.id}, {self.count()} are there", seconds)

    def letters(self) -> list[str]:
        """Reasons of its dead letters, loaded so far."""
        return [row["reason"] for row in self.rows_now("reason", "raw.events_rejected final")]

    def ledger(self) -> dict[str, int]:
        """accepted, inserted, deduplicated, rejected and dropped, loaded so far."""
        sums = ", ".join(f"toInt64(sum(ledger.{name})) as {name}" for name in LEDGER)
        return self.rows_now(sums, "governance.ingest_ledger as ledger")[0]

    def holds_once(self, number: int) -> None:
        """Exactly these many events are loaded, each once, and the ledger balances."""
        found = self.rows_now("count() as events, uniqExact(event_id) as ids, uniqExact(client_event_id) as client_ids")[0]
        assert found == {"events": number, "ids": number, "client_ids": number}
        ledger = self.ledger()
        assert ledger["accepted"] == sum(ledger.values()) - ledger["accepted"], ledger
        assert ledger["inserted"] == number, ledger
