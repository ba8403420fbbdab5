"""The layers of the dbt project, read from its manifest: who may read whom, and what every model must say about itself.

`dbt parse` needs no server; what the models compute is proved in tests/warehouse.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR

READS = {
    "staging": {"raw", "governance", "staging"},
    "marts": {"staging", "marts", "governance"},
    "platform": {"marts", "platform", "governance"},
}
"""The databases each database's models may read. `governance` holds the seeds; its own tables are read by staging alone."""
MONEY = re.compile(
    r"(sales|discounts?|returns|revenue|amount|price|cost|margin|total|subtotal|shipping|taxes|tax|gmv\w*|value|average\w*)$"
)
WITHOUT_TENANT = {"platform"}
"""Databases over all tenants."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest as `dbt parse` writes it, with no warehouse to ask."""
    target = tmp_path_factory.mktemp("target")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GXY_")}
    dbt = Path(sys.executable).with_name("dbt")
    options = ["--profiles-dir", ".", "--target-path", str(target), "--log-path", str(target)]
    subprocess.run([dbt, "--quiet", "parse", *options], cwd=DBT_PROJECT_DIR, env=environment, check=True)
    loaded: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return loaded


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def parents(manifest: dict[str, Any], model: dict[str, Any]) -> list[dict[str, Any]]:
    return [(manifest["nodes"] | manifest["sources"])[name] for name in model["depends_on"]["nodes"]]


def test_every_layer_reads_only_what_it_may(manifest: dict[str, Any]) -> None:
    for model in models(manifest):
        for parent in parents(manifest, model):
            assert parent["schema"] in READS[model["schema"]], f"{model['name']} reads {parent['name']}"


def test_only_staging_reads_sources(manifest: dict[str, Any]) -> None:
    for model in models(manifest):
        sources = [parent["name"] for parent in parents(manifest, model) if parent["resource_type"] == "source"]
        assert not sources or model["schema"] == "staging", f"{model['name']} reads {sources}"


def test_a_folder_is_a_database_and_a_group(manifest: dict[str, Any]) -> None:
    for model in models(manifest):
        assert Path(model["path"]).parts[0] == model["schema"] == model["config"]["group"]


def test_every_model_says_what_a_row_is_and_what_each_column_holds(manifest: dict[str, Any]) -> None:
    for model in models(manifest):
        assert model["description"] and model["config"]["meta"]["grain"], model["name"]
        assert model["columns"], model["name"]
        for column in model["columns"].values():
            assert column["description"] and column["data_type"], f"{model['name']}.{column['name']}"


def test_the_grain_of_every_model_is_tested(manifest: dict[str, Any]) -> None:
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node["test_metadata"]["name"] == "unique_grain"
    }
    assert tested == {model["unique_id"] for model in models(manifest)}


def test_every_mart_has_a_unit_test_of_its_logic(manifest: dict[str, Any]) -> None:
    renames = {"dim_products"}  # joins names to keys, and nothing else
    proved = {test["model"] for test in manifest["unit_tests"].values()}
    assert {model["name"] for model in models(manifest) if model["schema"] != "staging"} - renames <= proved


def test_the_tenant_leads_every_table_and_its_sort_key(manifest: dict[str, Any]) -> None:
    for model in models(manifest):
        if model["schema"] not in WITHOUT_TENANT:
            assert next(iter(model["columns"])) == "tenant_id", model["name"]
            assert model["config"]["materialized"] == "view" or model["config"]["order_by"][0] == "tenant_id", model["name"]


def test_no_float_touches_money(manifest: dict[str, Any]) -> None:
    amounts = 0
    for model in models(manifest):
        for column in model["columns"].values():
            assert "Float" not in column["data_type"], f"{model['name']}.{column['name']}"
            if MONEY.match(column["name"].rsplit("_", 1)[-1]) and "Decimal" in column["data_type"]:
                assert "Decimal(18, 4)" in column["data_type"], f"{model['name']}.{column['name']}"
                amounts += 1
    assert amounts > 40


def test_what_is_built_by_day_has_a_local_date(manifest: dict[str, Any]) -> None:
    for model in models(manifest):
        assert model["config"]["materialized"] in ("daily_swap", "whole_swap", "view"), model["name"]
        if model["config"]["materialized"] == "daily_swap":
            assert model["columns"]["local_date"]["data_type"] == "Date", model["name"]
