"""The whole graph over three days of two shops, through Dagster on real servers: built, checked, spoilt, found, mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import dagster as dg
import pytest
from click.testing import CliRunner
from graph_world import FIRST, LAST, World, fill

from assets.commands import materialize
from assets.materialize import Report, UnknownSelectionError, materialize_window
from gxy_analytics.definitions import build_defs
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.partitions import Window

WINDOW = Window(FIRST, LAST)
PROMISES = {"equals_backend", "ledger_balances", "events_equal_ledger", "events_equal_raw", "events_equal_staged"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World.start(tmp_path_factory.mktemp("graph"))
    fill(world)
    yield world
    world.stop()


@pytest.fixture(scope="module")
def built(world: World) -> Report:
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


def test_the_run_is_one_run_of_the_stacks_own_instance(world: World, built: Report) -> None:
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


def test_the_days_are_recorded_as_built_with_what_had_arrived(world: World, built: Report) -> None:
    with world.client() as client:
        recorded = dict(client.query("select local_date, arrived from governance.day_builds final order by 1").result_rows)
    assert list(recorded) == [FIRST, date(2026, 3, 11), LAST]
    assert world.scalar("select count() from governance.reconciliation final where source_value != mart_value") == 0


def test_queries_say_which_run_they_belong_to(world: World, built: Report) -> None:
    with world.client() as client:
        client.command("system flush logs")
    named = f"select count() from system.query_log where log_comment like '%{built.run_id}%' and log_comment like '%reconcile%'"
    assert int(str(world.scalar(named))) > 0


def test_a_wrong_mart_row_is_found_by_reconciliation_and_mended_by_a_rebuild(world: World, built: Report) -> None:
    with world.client() as client:
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
    done = CliRunner().invoke(materialize, arguments, env=environment(world.settings), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert [table["table"] for table in report["tables"]] == ["marts.sales_daily"]
    assert {check["check"]: check["passed"] for check in report["checks"]}["equals_backend"]


def test_an_unreachable_source_fails_its_tables_with_the_remedy_and_leaves_them_whole(world: World, built: Report) -> None:
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


def environment(settings: Settings) -> dict[str, str | None]:
    """What a shell would export for `gxy`."""
    return {
        "GXY_DATA_DIR": str(settings.data_dir),
        "GXY_CLICKHOUSE_URL": settings.clickhouse_url,
        "GXY_OLTP_URL": settings.oltp_url,
    }


def built_rows(report: Report, table: str) -> int | None:
    return {built.table: built.rows for built in report.tables}[table]


def test_a_selection_that_names_nothing_is_refused_with_an_example(world: World) -> None:
    for nothing in ("marts/no_such_table", "???"):
        with pytest.raises(UnknownSelectionError, match="try `marts/sales_daily`"):
            materialize_window(world.settings, WINDOW, nothing)
