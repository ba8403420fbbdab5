"""The platform's own programs as the users of their roles: with exactly what is specified, everything they do works.

That a role may do nothing else is `test_adversary`'s.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from clickhouse_connect.driver.client import Client

from assets.materialize import materialize_window
from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.embedded import access_file
from gxy_analytics.warehouse.partitions import Window
from tests.conftest import free_port
from tests.graph.graph_world import FIRST, LAST, World, fill
from tests.service.ingest_process import IngestProcess, until
from tests.service.ingest_process import event as whole_event

BUILT = (
    " or ".join(f'key:"{database}/*"' for database in ("raw", "pii", "staging", "marts", "platform")) + ' or key:"governance/fx*"'
)
"""What the pipeline builds. What looks after the data (audit, erasure, retention, tenants) works as the administrator."""


@dataclass
class RoleWorld:
    """A world whose server knows the users of the roles."""

    world: World
    passwords: dict[str, str]

    def settings(self, role: str) -> Settings:
        """The settings of a program that logs in as this role's user."""
        url = f"http://gxy_{role}:{self.passwords[role]}@127.0.0.1:{self.world.clickhouse.http_port}"
        return self.world.settings.model_copy(update={"clickhouse_url": url})


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleWorld]:
    world = World.start(tmp_path_factory.mktemp("roles"))
    fill(world)
    master_key = load_master_key(world.settings.master_key_path)
    accounts = wanted_accounts(load_specification(), master_key, [], {})
    write_embedded(access_file(world.clickhouse.directory), load_specification(), accounts)
    world.clickhouse.stop()
    world.clickhouse.start()
    yield RoleWorld(world, {account.role: account.password for account in accounts})
    world.stop()


def refused(world: World) -> list[tuple[object, ...]]:
    """Queries of the roles' users that the server would not run, with what it said."""
    with world.client() as client:
        client.command("system flush logs")
        sql = (
            "select distinct user, exception from system.query_log "
            "where exception_code in (164, 452, 497) and user like 'gxy\\_%'"
        )
        return [tuple(row) for row in client.query(sql).result_rows]


def test_events_are_taken_and_loaded_by_the_user_of_ingest(roles: RoleWorld, tmp_path: Path) -> None:
    settings = roles.settings("ingest").model_copy(update={"data_dir": tmp_path, "ingest_port": free_port()})
    given = settings.as_env() | {"GXY_MASTER_KEY_FILE": str(roles.world.settings.master_key_path)}
    with roles.world.client() as client:
        key = create_write_key(client, "kiwi")
        before = counts(client)
        service = IngestProcess(tmp_path, settings.ingest_port, clickhouse_url=settings.clickhouse_url, **given)
        service.start()
        try:
            now = datetime.now(UTC).isoformat()
            until(lambda: send(service.url, key, whole_event("e1", time=now)) == "ok", "an answer that knows the key")
            assert send(service.url, key, {"name": "without a time"}) == "drop"
        finally:
            service.stop()
        with (tmp_path / "loader.log").open("wb") as log:
            loader = subprocess.Popen(
                [sys.executable, "-m", "ingest_service.loader"], env={**os.environ, **given}, stdout=log, stderr=log
            )
        try:
            until(lambda: counts(client) == (before[0] + 1, before[1] + 1, before[2] + 2), (tmp_path / "loader.log").read_text())
        finally:
            loader.terminate()
            assert loader.wait(20) == 0
    assert not refused(roles.world)


def send(url: str, key: str, event: dict[str, object]) -> str:
    """What the service says of one event; empty while it does not know the key."""
    answer = httpx.post(f"{url}/v1/events", json={"events": [event]}, headers={"X-Write-Key": key}, timeout=10)
    return str(answer.json()["results"][0]["status"]) if answer.status_code == 200 else ""


def counts(client: Client) -> tuple[int, ...]:
    """Rows of raw.events and raw.events_rejected, and what the ledger says was accepted, of the tenant."""
    events, letters = (
        client.query(f"select count() from {table} where tenant_id = 'kiwi'").first_row[0]
        for table in ("raw.events", "raw.events_rejected")
    )
    accepted = client.query("select sum(accepted) from governance.ingest_ledger where tenant_id = 'kiwi'").first_row[0]
    return int(events), int(letters), int(accepted)


def test_the_whole_graph_is_built_by_the_pipelines_user(roles: RoleWorld) -> None:
    """Extraction with its temporary tables and the vault, dbt, the checks, and a second time over what is there."""
    for _ in range(2):
        report = materialize_window(roles.settings("pipeline"), Window(FIRST, LAST), BUILT)
        assert report.ok, (report.failures, report.failed_checks)
    assert not refused(roles.world)
    builders = (
        "select groupUniqArray(user) from system.query_log "
        "where query_kind = 'Insert' and arrayExists(name -> startsWith(name, 'marts.'), tables)"
    )
    with roles.world.client() as client:
        assert client.query(builders).first_row == (["gxy_pipeline"],)
