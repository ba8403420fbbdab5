"""The whole graph over three days of two shops, through Dagster on real servers: built, checked, spoilt, found, mended.

It knows no administrator: each part works as the user of its role, with exactly what is specified. That a role may do nothing
else is tests/security/test_roles.py; erasing a person as the eraser is tests/warehouse/test_erasure_role.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import httpx
import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from graph_world import FIRST, LAST
from role_world import RoleWorld

from assets.commands import materialize
from assets.materialize import Report, UnknownSelectionError, materialize_window
from gxy_analytics.definitions import build_defs
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
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.resources import Platform
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window
from tests.conftest import free_port
from tests.service.ingest_process import IngestProcess, until
from tests.service.ingest_process import event as whole_event

WINDOW = Window(FIRST, LAST)
AGAIN = 'key:"raw/*" or key:"pii/*" or kind:"dbt"'
LATER = datetime(2029, 1, 1, tzinfo=UTC)
"""When the events of the world are too old, and its sessions are not."""

# A build takes a minute on two idle cores; the limit is for a machine that is busy with other things.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleWorld]:
    world = RoleWorld.start(tmp_path_factory.mktemp("graph"))
    yield world
    world.stop()


@pytest.fixture(scope="module")
def built(world: RoleWorld) -> Report:
    return materialize_window(world.settings, WINDOW)


def test_one_run_builds_every_table_of_every_day_and_every_check_is_green(built: Report) -> None:
    assert built.ok, (built.failures, built.failed_checks)
    assert {check.check for check in built.checks} >= {
        "equals_backend",
        "ledger_balances",
        "events_equal_ledger",
        "events_equal_raw",
    }
    assert {table.table for table in built.tables} >= {
        "raw.oltp_orders",
        "pii.customers",
        "marts.sales_daily",
        "marts.dim_customers",
    }
    rows = {table.table: table.rows for table in built.tables}
    assert rows["raw.oltp_orders"] == 9
    assert rows["raw.events"] == 24


def test_the_run_is_one_run_of_the_stacks_own_instance(world: RoleWorld, built: Report) -> None:
    with dg.DagsterInstance.from_config(str(world.settings.dagster_home)) as instance:
        runs = instance.get_runs()
        assert [run.run_id for run in runs] == [built.run_id]
        key = dg.AssetKey(["marts", "sales_daily"])
        assert sorted(instance.get_materialized_partitions(key)) == ["2026-03-10", "2026-03-11", "2026-03-12"]
        latest = instance.get_latest_materialization_event(key)
        assert latest and latest.asset_materialization
        assert latest.asset_materialization.metadata["dagster/row_count"].value == world.scalar(
            "select count() from marts.sales_daily"
        )


def test_the_days_are_recorded_as_built_with_what_had_arrived(world: RoleWorld, built: Report) -> None:
    with world.admin() as client:
        recorded = dict(client.query("select local_date, arrived from governance.day_builds final order by 1").result_rows)
    assert list(recorded) == [FIRST, date(2026, 3, 11), LAST]
    assert world.scalar("select count() from governance.reconciliation final where source_value != mart_value") == 0


def test_queries_say_which_run_they_belong_to(world: RoleWorld, built: Report) -> None:
    with world.admin() as client:
        client.command("system flush logs")
    named = f"select count() from system.query_log where log_comment like '%{built.run_id}%' and log_comment like '%reconcile%'"
    assert int(str(world.scalar(named))) > 0


def test_a_wrong_mart_row_is_found_by_reconciliation_and_mended_by_a_rebuild(world: RoleWorld, built: Report) -> None:
    with world.admin() as client:
        client.command(
            "alter table marts.sales_daily update gross_sales = gross_sales + 0.01, net_sales = net_sales + 0.01 "
            "where tenant_id = 'surf' and local_date = '2026-03-11' settings mutations_sync = 1"
        )
    job = build_defs(resources={"platform": Platform.of(world.settings)}).resolve_job_def("recheck")
    evaluated = {found.check_name: found for found in job.execute_in_process().get_asset_check_evaluations()}
    assert not evaluated["equals_backend"].passed
    assert "surf 2026-03-11 gross_sales USD: mart" in (evaluated["equals_backend"].description or "")
    assert "gxy materialize" in (evaluated["equals_backend"].description or "")
    assert evaluated["ledger_balances"].passed

    arguments = ["--from", "2026-03-11", "--to", "2026-03-11", "--select", "marts/sales_daily", "--json"]
    done = CliRunner().invoke(materialize, arguments, env=world.settings.as_env(), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert [table["table"] for table in report["tables"]] == ["marts.sales_daily"]
    assert {check["check"]: check["passed"] for check in report["checks"]}["equals_backend"]


def test_an_unreachable_source_fails_its_tables_with_the_remedy_and_leaves_them_whole(world: RoleWorld, built: Report) -> None:
    cut_off = world.settings.model_copy(update={"oltp_url": "postgresql://nobody@127.0.0.1:9/shop"})
    report = materialize_window(
        cut_off, Window(LAST, LAST), 'key:"raw/oltp_tenants" or key:"raw/oltp_orders" or key:"raw/events"'
    )
    assert not report.ok
    assert [table.table for table in report.tables] == ["raw.events"]
    assert ["extract_tenants" in failure.step and "check GXY_OLTP_URL" in failure.message for failure in report.failures] == [
        True
    ]
    assert world.scalar("select count() from raw.oltp_orders") == 9
    assert world.scalar("select count() from marts.fct_orders") == built_rows(built, "marts.fct_orders")


def built_rows(report: Report, table: str) -> int | None:
    return {built.table: built.rows for built in report.tables}[table]


def test_a_selection_that_names_nothing_is_refused_with_an_example(world: RoleWorld) -> None:
    for nothing in ("marts/no_such_table", "???"):
        with pytest.raises(UnknownSelectionError, match="try `marts/sales_daily`"):
            materialize_window(world.settings, WINDOW, nothing)


def test_every_part_of_the_graph_works_as_the_user_of_its_role(world: RoleWorld, built: Report) -> None:
    """Extraction with its temporary tables and the vault, dbt, audit, retention, tenants, the checks; and much again over it.

    An order that was moved to the next day in between counts there, to the cent.
    """
    world.world.sql("update orders set placed_at = placed_at + interval '1 day', updated_at = now() where id = 2")
    again = materialize_window(world.settings, WINDOW, AGAIN)
    assert again.ok, (again.failures, again.failed_checks)
    assert {"governance.audit", "governance.retention_runs", "governance.tenant_states"} <= {one.table for one in built.tables}
    assert not world.refused()
    assert world.workers("query_kind = 'Insert' and has(databases, 'marts')") == {"gxy_pipeline"}
    assert world.workers("JSONExtractString(log_comment, 'gxy') = 'audit'") == {"gxy_auditor"}
    for purpose in ("retention", "follow tenants", "remove tenants"):
        assert world.workers(f"JSONExtractString(log_comment, 'gxy') = '{purpose}'") == {"gxy_eraser"}
    assert world.workers(f"log_comment like '%{built.run_id}%'") == {"gxy_pipeline", "gxy_eraser", "gxy_auditor"}


def test_events_are_taken_and_loaded_by_the_user_of_ingest(world: RoleWorld, built: Report, tmp_path: Path) -> None:
    given_url = {"clickhouse_url": world.url("ingest"), "data_dir": tmp_path, "ingest_port": free_port()}
    settings = world.world.settings.model_copy(update=given_url)
    given = settings.as_env() | {"GXY_MASTER_KEY_FILE": str(world.world.settings.master_key_path)}
    with world.admin() as client:
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
    assert not world.refused()


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


def test_the_scan_sees_every_column_that_the_administrator_sees(world: RoleWorld, built: Report) -> None:
    with world.admin() as admin, world.client("scanner") as scanner:
        assert {table.table: table.columns for table in text_tables(scanner)} == {
            table.table: table.columns for table in text_tables(admin)
        }
        vault = Vault(load_key_ring(world.settings))
        assert scan_warehouse(scanner, vault).columns == scan_warehouse(admin, vault).columns
        admin.command("create database scratch")
        admin.command(
            "create table scratch.people (name String) engine = MergeTree order by name as select 'jo.doe@mail.example'"
        )
        with pytest.raises(DatabaseError, match=r"scratch\.people"):
            scan_warehouse(scanner, vault)
        admin.command("drop database scratch")


def test_the_audit_is_harvested_sealed_looked_through_and_cut_by_its_own_user(world: RoleWorld, built: Report) -> None:
    world.scalar("select count() from raw.events")
    with world.admin() as admin, world.client("auditor") as client:
        admin.command("system flush logs")
        day = bring_up_to_date(client, world.settings, datetime.now(UTC) + timedelta(hours=2))
        assert day.harvest.harvested_until
        assert day.sealed
        verdict = look_through(client, world.settings)
        assert verdict.is_whole, verdict.problems
        for name, bound in (("delete_through.sql", {"through": 0}), ("drop_day.sql", {"day": "20200101"})):
            client.command(read_sql("gxy_analytics.governance.audit", name), parameters=bound)
        assert list_acts(client, action="service.queries", limit=10)
    assert world.refused() == [("gxy_scanner", said) for user, said in world.refused() if "scratch.people" in str(said)]


def test_a_report_and_an_export_are_written_by_the_exporters_user(world: RoleWorld, built: Report, tmp_path: Path) -> None:
    with world.client("exporter") as client:
        made = make_report(client, world.settings, "kiwi", tmp_path / "report", anonymous_id="visitor-1", reason="she asked")
        assert made.rows["raw.events"]
        vault = VaultReader(client, load_key_ring(world.settings))
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


def test_what_is_too_old_is_deleted_and_a_tenant_removed_by_the_erasers_user(world: RoleWorld, built: Report) -> None:
    with world.admin() as admin:
        quick_cleanup(admin)
    with world.client("eraser") as client:
        done = {one.rule.name: one for one in apply(client, world.settings, LATER, uuid4())}
        assert done["raw.events"].rows
        assert not done["raw.events"].waits_for
        asked = ask_removal(client, "surf", reason="they left", after=timedelta())
        removal = run_removal(client, world.settings, asked)
    assert removal.state == REMOVED
    assert "gxy access apply" in removal.report["login"]
    assert [said for user, said in world.refused() if user != "gxy_scanner"] == []
