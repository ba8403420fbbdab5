"""The code location: loads in a fresh interpreter, defines exactly the pinned list, and every asset is fit to be looked at."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import pytest
from pinned import PINNED, lines

from assets.conventions import GROUPS, OWNERS, WRITE_POOL
from gxy_analytics.definitions import build_defs

LOAD = "from gxy_analytics.definitions import defs; defs().get_repository_def()"
NOT_OURS = {"backend"}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> dg.AssetGraph:
    return definitions.resolve_asset_graph()


def test_definitions_are_exactly_the_pinned_list(definitions: dg.Definitions) -> None:
    """Meant? `.venv/bin/python tests/graph/pinned.py`, and read the diff."""
    assert lines(definitions) == PINNED.read_text().splitlines()


def test_definitions_load_in_a_fresh_interpreter() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LOAD], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_table_of_ours_has_group_kinds_owners_description_and_columns(graph: dg.AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        database, _ = key.path
        if database in NOT_OURS:
            continue
        node = graph.get(key)
        assert node.group_name == GROUPS[database], key
        assert "clickhouse" in node.kinds, key
        assert list(node.owners) == OWNERS, key
        assert len(node.description or "") > 20, f"{key}: say what it holds"
        assert node.metadata.get("dagster/column_schema"), f"{key}: its columns are not described"


def test_marts_carry_a_freshness_policy_and_blocking_schema_and_tenancy_checks(graph: dg.AssetGraph) -> None:
    for key in graph.executable_asset_keys:
        checks = {check.name: graph.get(check) for check in graph.get_check_keys_for_assets({key})}
        database = key.path[0]
        if database in ("marts", "platform"):
            assert graph.get(key).freshness_policy_or_from_metadata, key
        if database in ("raw", "pii", "marts"):
            assert checks["columns_as_contracted"].blocking, key
            assert checks["tenants_are_known"].blocking, key


def test_what_writes_marts_runs_one_at_a_time_and_a_backfill_is_one_run(definitions: dg.Definitions) -> None:
    made = [asset for asset in definitions.assets or [] if isinstance(asset, dg.AssetsDefinition)]
    dbt = [asset for asset in made if asset.op.name.startswith("dbt_")]
    assert len(dbt) == 2
    assert all(asset.op.pool == WRITE_POOL for asset in dbt)
    graph = definitions.resolve_asset_graph()
    for key in graph.executable_asset_keys:
        if graph.get(key).is_partitioned:
            assert graph.get(key).backfill_policy == dg.BackfillPolicy.single_run(), key


def test_the_daily_models_are_one_step_in_a_run_of_everything(definitions: dg.Definitions) -> None:
    """The counts that make a day stale are recorded by that step; split in two it would record none."""
    job = definitions.resolve_job_def("daily_build")
    steps = [node.name for node in job.graph.nodes if node.name.startswith("dbt_")]
    assert sorted(steps) == ["dbt_days", "dbt_whole"]


def test_every_job_says_what_it_is_for(definitions: dg.Definitions) -> None:
    for job in definitions.get_repository_def().get_all_jobs():
        assert job.name.startswith("__") or len(job.description or "") > 40, job.name
