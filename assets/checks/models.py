"""Blocking checks on the dbt models: columns as their .yml says, every row of a known tenant. Tests of values are dbt's own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from assets.checks.raw_tables import COLUMNS, TENANTS
from assets.checks.results import result
from assets.partitions import window_of
from assets.retries import retried
from assets.transform.translator import DAILY, WHOLE, WarehouseTranslator, materialization
from gxy_analytics.quality.columns import check_columns
from gxy_analytics.quality.tenancy import DayColumn, check_tenants
from gxy_analytics.resources import Platform

REMEDY = "Rebuild the table whole (`dbt run --full-refresh --select MODEL`, without window vars), or correct the model's .yml."
LOCAL_DAY = DayColumn("local_date", is_local=True)
Model = Mapping[str, Any]


def model_checks(manifest: Path) -> list[dg.AssetChecksDefinition]:
    """The checks of every table that dbt builds: one step for the tables built by day, one for those built whole."""
    nodes = json.loads(manifest.read_text())["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model"]
    by_build = {build: [model for model in models if materialization(model) == build] for build in (DAILY, WHOLE)}
    return [checks_of(f"check_{build}", chosen) for build, chosen in by_build.items() if chosen]


def checks_of(name: str, models: Sequence[Model]) -> dg.AssetChecksDefinition:
    """The checks of these models, in one step that can run any of them."""
    by_key = {WarehouseTranslator().get_asset_key(model): model for model in models}
    specs = [spec for key, model in by_key.items() for spec in _specs(key, model)]

    @dg.multi_asset_check(name=name, specs=specs, can_subset=True)
    def check(context: dg.AssetCheckExecutionContext, platform: Platform) -> Iterator[dg.AssetCheckResult]:
        window = window_of(context.run.tags)
        with retried(), platform.clickhouse(name, context.run.run_id) as client:
            for selected in sorted(context.selected_asset_check_keys):
                model = by_key[selected.asset_key]
                database, table = selected.asset_key.path
                if selected.name == COLUMNS:
                    contract = {column["name"]: column.get("data_type") or "" for column in model["columns"].values()}
                    found = check_columns(client, database, table, contract, REMEDY)
                else:
                    day = LOCAL_DAY if materialization(model) == DAILY else None
                    found = check_tenants(client, database, table, window, day)
                yield result(found, asset=selected.asset_key.path, check=selected.name)

    return check


def _specs(key: dg.AssetKey, model: Model) -> Iterator[dg.AssetCheckSpec]:
    yield dg.AssetCheckSpec(COLUMNS, asset=key, blocking=True, description="The columns and types are those of the model's .yml.")
    if "tenant_id" in model["columns"]:
        yield dg.AssetCheckSpec(
            TENANTS, asset=key, blocking=True, description="tenant_id is never empty and always a known tenant (the run's days)."
        )
