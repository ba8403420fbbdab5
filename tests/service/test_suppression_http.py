"""The real service and the real loader: within a minute of a request a person's past is refused, and gone from the node."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from ingest_process import KEY, IngestProcess, event, running_loader, until

from gxy_analytics.governance.suppressions import suppress
from gxy_analytics.governance.tenants.ingest_policy import Grant
from gxy_analytics.governance.tenants.write_keys import hash_write_key
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.conftest import free_port

TENANT = "suppression-http"
NEEDLE = "needle-of-anna"
LEDGER = """
select sum(accepted), sum(inserted), sum(rejected), sum(dropped)
from governance.ingest_ledger
where tenant_id = {tenant:String}
"""


@pytest.fixture
def settings(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Settings:
    return Settings(data_dir=tmp_path, clickhouse_url=clickhouse_server.url, node_id="suppression-http")


@pytest.fixture
def ingest(settings: Settings) -> Iterator[IngestProcess]:
    process = IngestProcess(settings.data_dir, free_port(), GXY_NODE_ID=settings.node_id)
    (settings.data_dir / "ingest" / "keys.json").write_bytes(msgspec.json.encode({hash_write_key(KEY): Grant(TENANT)}))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def loader(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    with running_loader(settings) as process:
        yield process


def rows(client: Client) -> list[str]:
    sql = "select client_event_id from raw.events where tenant_id = {tenant:String} order by 1"
    return [row[0] for row in client.query(sql, parameters={"tenant": TENANT}).result_rows]


def holding_the_needle(settings: Settings) -> list[str]:
    """Files of the node that hold what Anna's browser sent."""
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    return [str(path.relative_to(settings.data_dir)) for path in files if NEEDLE.encode() in path.read_bytes()]


def test_within_a_minute_a_persons_past_is_refused_and_gone_from_the_node(
    clickhouse: Client, ingest: IngestProcess, loader: subprocess.Popen[bytes], settings: Settings
) -> None:
    def act(name: str, at: datetime) -> dict[str, Any]:
        return event(name, user_id="anna", anonymous_id=NEEDLE, time=at.isoformat(timespec="milliseconds"))

    past = datetime.now(UTC) - timedelta(minutes=5)
    assert ingest.post(act("first", past)).status_code == 200
    until(lambda: rows(clickhouse) == ["first"], "the first event")
    assert holding_the_needle(settings)

    asked = datetime.now(UTC)
    pid = Pseudonyms(load_master_key(settings.master_key_path)).customer_pid(TENANT, "anna")
    request_id = uuid.uuid4()
    suppress(clickhouse, TENANT, customer_pids=[pid], anonymous_ids=[NEEDLE], until=asked, request_id=request_id)

    def acknowledged(condition: str) -> bool:
        sql = f"select count() from governance.suppression_acks final where request_id = {{request:UUID}} and {condition}"
        return bool(clickhouse.query(sql, parameters={"request": str(request_id)}).first_item["count()"])

    until(lambda: acknowledged("true"), "the loader's acknowledgement")
    until(lambda: acknowledged("spool_clean_at is not null"), "a clean spool")
    assert (datetime.now(UTC) - asked).total_seconds() < 60
    assert holding_the_needle(settings) == []

    new = act("new", datetime.now(UTC) + timedelta(seconds=1))
    assert ingest.post(act("old-1", past), new, act("old-2", asked)).status_code == 200
    assert ingest.post({"name": "page_viewed", "anonymous_id": NEEDLE, "time": past.isoformat()}).status_code == 200
    until(lambda: rows(clickhouse) == ["first", "new"], "the new event")
    until(lambda: clickhouse.query(LEDGER, parameters={"tenant": TENANT}).result_rows == [(5, 2, 0, 3)], "the ledger")
    counted = 'gxy_loader_dropped_events_total{reason="suppressed"} 3.0'
    until(lambda: counted in httpx.get(f"{ingest.url}/metrics").text, "the loader's last picture of itself")
    clickhouse.command("truncate table governance.suppressions")
