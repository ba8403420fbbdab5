"""A suspended tenant at the real door: refused by name within seconds, nothing of it kept, taken again when it is resumed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from ingest_process import IngestProcess

from gxy_analytics.governance.lifecycle.states import resume, suspend
from gxy_analytics.governance.tenants.tenants import add_tenant
from gxy_analytics.settings import Settings
from tests.conftest import free_port

SECONDS = 5.0


@pytest.fixture
def door(tmp_path: Path, settings: Settings) -> Iterator[IngestProcess]:
    (tmp_path / "door").mkdir()
    process = IngestProcess(tmp_path / "door", free_port(), clickhouse_url=settings.clickhouse_url)
    process.start()
    yield process
    process.stop()


def send(door: IngestProcess, key: str, name: str) -> httpx.Response:
    event = {"event_id": name, "name": "page_viewed", "time": "2026-03-01T12:00:00Z", "anonymous_id": "b"}
    return httpx.post(f"{door.url}/v1/events", json={"events": [event]}, headers={"X-Write-Key": key})


def answered(door: IngestProcess, key: str, status: int) -> float:
    """Seconds until an event is answered so."""
    began = time.monotonic()
    while send(door, key, "probe").status_code != status:
        assert time.monotonic() - began < 3 * SECONDS
        time.sleep(0.1)
    return time.monotonic() - began


def test_a_suspended_tenant_gets_403_within_five_seconds_and_nothing_of_it_is_kept(
    door: IngestProcess, clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    assert settings.oltp_url
    acme = add_tenant(clickhouse, settings.oltp_url, "acme").write_key
    umbra = add_tenant(clickhouse, settings.oltp_url, "umbra").write_key
    assert (send(door, acme, "before").status_code, send(door, umbra, "before").status_code) == (200, 200)
    suspend(clickhouse, "acme", "unpaid")
    assert answered(door, acme, 403) < SECONDS
    refused = send(door, acme, "refused-while-suspended")
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_suspended")
    assert send(door, umbra, "neighbour").status_code == 200
    spooled = b"".join(path.read_bytes() for path in (door.data_dir / "spool").rglob("*") if path.is_file())
    assert b"neighbour" in spooled
    assert b"refused-while-suspended" not in spooled
    resume(clickhouse, "acme")
    assert answered(door, acme, 200) < SECONDS
