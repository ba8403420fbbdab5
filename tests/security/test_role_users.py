"""The platform's own programs as the users of their roles: with exactly what is specified, everything they do works.

Nothing here but the fixture knows the administrator's URL. That a role may do nothing else is `test_roles`'; erasing a person as
the eraser is in tests/warehouse/test_erasure_role.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from assets.materialize import materialize_window
from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.audit.daily import bring_up_to_date, look_through
from gxy_analytics.governance.audit.listing import list_acts
from gxy_analytics.governance.lifecycle.export import export_tenant
from gxy_analytics.governance.lifecycle.removals import REMOVED, ask_removal
from gxy_analytics.governance.lifecycle.removing import run_removal
from gxy_analytics.governance.privacy_report.report import make_report
from gxy_analytics.governance.retention.apply import apply
from gxy_analytics.governance.scanner.sampling import text_tables
from gxy_analytics.governance.scanner.scan import scan_warehouse
from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.governance.vault.master_key import load_key_ring, load_master_key
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.settings import CLICKHOUSE_ROLES, ClickHouseRole, Settings
from gxy_analytics.warehouse.client import connect, read_sql
from gxy_analytics.warehouse.embedded import access_file
from gxy_analytics.warehouse.partitions import Window
from tests.conftest import free_port
from tests.graph.graph_world import FIRST, LAST, World, fill
from tests.service.ingest_process import IngestProcess, until
from tests.service.ingest_process import event as whole_event

AGAIN = 'key:"raw/*" or key:"pii/*" or key:"marts/sales_daily" or key:"marts/dim_products"'
LATER = datetime(2029, 1, 1, tzinfo=UTC)
"""When the events of the world are too old, and its sessions are not."""


@dataclass
class RoleWorld:
    """A world whose server knows the users of the roles."""

    world: World
    passwords: dict[str, str]

    def url(self, role: str) -> str:
        return f"http://gxy_{role}:{self.passwords[role]}@127.0.0.1:{self.world.clickhouse.http_port}"

    @property
    def settings(self) -> Settings:
        """The settings of the graph: a URL a role, and none of the administrator."""
        urls = {f"{role}_clickhouse_url": self.url(role) for role in CLICKHOUSE_ROLES}
        return self.world.settings.model_copy(update={**urls, "clickhouse_url": None})

    @contextmanager
    def client(self, role: ClickHouseRole) -> Iterator[Client]:
        with connect(self.settings.clickhouse_as(role), purpose=role) as client:
            yield client


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
    given_url = {"clickhouse_url": roles.url("ingest"), "data_dir": tmp_path, "ingest_port": free_port()}
    settings = roles.world.settings.model_copy(update=given_url)
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


@pytest.mark.timeout(900)
def test_the_whole_graph_works_without_the_administrator(roles: RoleWorld) -> None:
    """Extraction with its temporary tables and the vault, dbt, audit, retention, tenants, the checks; and much again over it."""
    report = materialize_window(roles.settings, Window(FIRST, LAST))
    assert report.ok, (report.failures, report.failed_checks)
    again = materialize_window(roles.settings, Window(FIRST, LAST), AGAIN)
    assert again.ok, (again.failures, again.failed_checks)
    assert {"governance.audit", "governance.retention_runs", "governance.tenant_states"} <= {one.table for one in report.tables}
    assert not refused(roles.world)
    assert workers(roles.world, "query_kind = 'Insert' and has(databases, 'marts')") == {"gxy_pipeline"}
    assert workers(roles.world, "JSONExtractString(log_comment, 'gxy') = 'audit'") == {"gxy_auditor"}
    for purpose in ("retention", "follow tenants", "remove tenants"):
        assert workers(roles.world, f"JSONExtractString(log_comment, 'gxy') = '{purpose}'") == {"gxy_eraser"}
    assert workers(roles.world, f"log_comment like '%{report.run_id}%'") == {"gxy_pipeline", "gxy_eraser", "gxy_auditor"}


def workers(world: World, condition: str) -> set[str]:
    """Who ran such statements."""
    with world.client() as client:
        client.command("system flush logs")
        sql = f"select distinct user from system.query_log where {condition}"
        return {str(user) for (user,) in client.query(sql).result_rows}


def test_the_scan_sees_every_column_that_the_administrator_sees(roles: RoleWorld) -> None:
    with roles.world.client() as admin, roles.client("scanner") as scanner:
        assert {table.table: table.columns for table in text_tables(scanner)} == {
            table.table: table.columns for table in text_tables(admin)
        }
        vault = Vault(load_key_ring(roles.settings))
        assert scan_warehouse(scanner, vault).columns == scan_warehouse(admin, vault).columns
        admin.command("create database scratch")
        admin.command(
            "create table scratch.people (name String) engine = MergeTree order by name as select 'jo.doe@mail.example'"
        )
        with pytest.raises(DatabaseError, match=r"scratch\.people"):
            scan_warehouse(scanner, vault)
        admin.command("drop database scratch")


def test_the_audit_is_harvested_sealed_looked_through_and_cut_by_its_own_user(roles: RoleWorld) -> None:
    roles.world.scalar("select count() from raw.events")
    with roles.world.client() as admin, roles.client("auditor") as client:
        admin.command("system flush logs")
        day = bring_up_to_date(client, roles.settings, datetime.now(UTC) + timedelta(hours=2))
        assert day.harvest.harvested_until
        assert day.sealed
        verdict = look_through(client, roles.settings)
        assert verdict.is_whole, verdict.problems
        for name, bound in (("delete_through.sql", {"through": 0}), ("drop_day.sql", {"day": "20200101"})):
            client.command(read_sql("gxy_analytics.governance.audit", name), parameters=bound)
        assert list_acts(client, action="service.queries", limit=10)
    assert refused(roles.world) == [("gxy_scanner", said) for user, said in refused(roles.world) if "scratch.people" in str(said)]


def test_a_report_and_an_export_are_written_by_the_exporters_user(roles: RoleWorld, tmp_path: Path) -> None:
    with roles.client("exporter") as client:
        made = make_report(client, roles.settings, "kiwi", tmp_path / "report", anonymous_id="visitor-1", reason="she asked")
        assert made.rows["raw.events"]
        vault = VaultReader(client, load_key_ring(roles.settings))
        manifest = export_tenant(client, "kiwi", tmp_path / "out", form="jsonl", vault=vault, reason="they leave")
        assert manifest["rows"]


def quick_cleanup(client: Client) -> None:
    """Replaced parts go within seconds, where a server takes half a minute."""
    sql = (
        "select concat(database, '.', name) from system.tables where engine like '%MergeTree' "
        "and database in ('raw', 'pii', 'governance', 'staging', 'marts')"
    )
    for (table,) in client.query(sql).result_rows:
        client.command(f"alter table {table} modify setting cleanup_delay_period = 1, max_cleanup_delay_period = 1")


def test_what_is_too_old_is_deleted_and_a_tenant_removed_by_the_erasers_user(roles: RoleWorld) -> None:
    with roles.world.client() as admin:
        quick_cleanup(admin)
    with roles.client("eraser") as client:
        done = {one.rule.name: one for one in apply(client, roles.settings, LATER, uuid4())}
        assert done["raw.events"].rows
        assert not done["raw.events"].waits_for
        asked = ask_removal(client, "surf", reason="they left", after=timedelta())
        removal = run_removal(client, roles.settings, asked)
    assert removal.state == REMOVED
    assert "gxy access apply" in removal.report["login"]
    assert [said for user, said in refused(roles.world) if user != "gxy_scanner"] == []
