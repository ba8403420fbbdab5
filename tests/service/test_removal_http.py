"""A tenant removed under load, with a real door and a real loader: nothing of it is left, and its neighbour loses nothing.

What a removal does to every kind of table is proved in `tests/warehouse/test_tenant_removal`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from ingest_process import IngestProcess, event, running_loader, until

from gxy_analytics.governance.tenants.tenants import add_tenant
from gxy_analytics.settings import Settings
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.conftest import free_port

NODE = "removal-http"
NEEDLE, NEIGHBOUR = "needle-of-acme", "needle-of-umbra"
PAUSE_SECONDS = 0.05
COUNTERS = {"loader/state/data.mdb", "loader/status.json"}
"""The loader's counts since it was installed name the tenant, and say no more than how many events it sent."""
GXY = [sys.executable, "-c", "from gxy_analytics.cli import main; main()"]
TABLES = """
select database, table from system.columns
where name = 'tenant_id' and database in ('raw', 'pii', 'governance', 'staging', 'marts', 'platform', 'features')
    and (database, table) in (select database, name from system.tables where engine like '%MergeTree')
order by 1, 2
"""
BOOKS = """
select sum(accepted), sum(inserted), sum(deduplicated), sum(rejected), sum(dropped)
from governance.ingest_ledger where tenant_id = {tenant:String}
"""
STORED = "select count(), uniqExact(client_event_id) from raw.events where tenant_id = {tenant:String}"


@pytest.fixture
def settings(tmp_path: Path, clickhouse_server: EmbeddedClickHouse, oltp_server: EmbeddedPostgres) -> Settings:
    return Settings(data_dir=tmp_path, clickhouse_url=clickhouse_server.url, oltp_url=oltp_server.url, node_id=NODE)


@pytest.fixture
def door(settings: Settings) -> Iterator[IngestProcess]:
    process = IngestProcess(settings.data_dir, free_port(), clickhouse_url=settings.clickhouse_url, GXY_NODE_ID=NODE)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def loader(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    with running_loader(settings) as process:
        yield process


@dataclass(eq=False)
class Shoppers(threading.Thread):
    """Send one tenant's events until told to stop: each request has one that is new, one sent before, and one that is none."""

    url: str
    key: str
    browser: str
    answers: Counter[int] = field(default_factory=Counter)
    stored: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        with httpx.Client(headers={"X-Write-Key": self.key}, timeout=30) as client:
            while not self.over.wait(PAUSE_SECONDS):
                status = client.post(f"{self.url}/v1/events", json={"events": self.events()}).status_code
                self.answers[status] += 1
                self.stored += status == 200

    def events(self) -> list[dict[str, Any]]:
        new, before = f"{self.browser}-{self.stored}", f"{self.browser}-{max(0, self.stored - 1)}"
        return [event(new, anonymous_id=self.browser), event(before, anonymous_id=self.browser), {"anonymous_id": self.browser}]

    def stop(self) -> None:
        self.over.set()
        self.join()


@pytest.mark.slow  # the door closes in 5 s, the loader clears in 10 s, the server drops old parts in 10 s more
def test_a_tenant_that_is_removed_under_load_leaves_nothing_and_its_neighbour_loses_nothing(
    clickhouse: Client, oltp: psycopg.Connection, door: IngestProcess, loader: subprocess.Popen[bytes], settings: Settings
) -> None:
    keys = {slug: add_tenant(clickhouse, settings.oltp_url or "", slug).write_key for slug in ("acme", "umbra")}
    acme, umbra = Shoppers(door.url, keys["acme"], NEEDLE), Shoppers(door.url, keys["umbra"], NEIGHBOUR)
    for shoppers in (acme, umbra):
        shoppers.start()
    until(lambda: all(rows(clickhouse, BOOKS, slug)[0][3] > 0 for slug in keys), "dead letters of both in the books")
    assert files_with(settings, NEEDLE)

    report = remove(settings)["report"]
    acme.stop()
    assert files_with(settings, NEEDLE) == []
    assert set(files_with(settings, "acme")) <= COUNTERS
    umbra.stop()

    assert set(report["nodes"]) == set(report["spools"]) == {NODE}
    assert acme.answers[200] > 0
    assert set(acme.answers) - {200} in ({401}, {403, 401})  # suspended for the moment before its keys are revoked
    assert set(left(clickhouse, "acme")) <= set(report["kept"])
    assert report["tables"]["raw.events"]["erased"] > 0
    assert report["tables"]["raw.events_rejected"]["erased"] > 0

    assert set(umbra.answers) == {200}
    sent = umbra.stored
    until(lambda: rows(clickhouse, BOOKS, "umbra") == [(3 * sent, sent, sent, sent, 0)], "the neighbour's books", 60)
    assert rows(clickhouse, STORED, "umbra") == [(sent, sent)]
    assert set(left(clickhouse, "acme")) <= set(report["kept"])


def remove(settings: Settings) -> dict[str, Any]:
    """`gxy tenant remove acme --now`, and what it prints."""
    command = [*GXY, "tenant", "remove", "acme", "--now", "--confirm", "acme", "--reason", "contract ended", "--json"]
    done = subprocess.run(command, env={**os.environ, **settings.as_env()}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    removal: dict[str, Any] = json.loads(done.stdout)
    assert removal["state"] == "removed"
    return removal


def rows(client: Client, sql: str, tenant: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in client.query(sql, parameters={"tenant": tenant}).result_rows]


def left(client: Client, tenant: str) -> dict[str, int]:
    """Rows of the tenant by table, of every table with tenants: as the catalogue has them, not as the registry does."""
    names = [f"{database}.{table}" for database, table in client.query(TABLES).result_rows]
    counts = {
        name: rows(client, f"select count() from {name} where tenant_id = {{tenant:String}}", tenant)[0][0] for name in names
    }
    return {name: count for name, count in counts.items() if count}


def files_with(settings: Settings, needle: str) -> list[str]:
    """Files of the node (spool, manifests, state, logs) that hold the text."""
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    return [str(path.relative_to(settings.data_dir)) for path in files if needle.encode() in path.read_bytes()]
