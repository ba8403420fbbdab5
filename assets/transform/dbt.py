"""The dbt models as assets, in two sets: what is built by day (with the views and seeds it reads), and what is built whole.

Made by a factory from a manifest: this module reads nothing when it is imported. SQL lives in dbt/, looks in `translator`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from assets.conventions import WRITE_POOL
from assets.partitions import window_of
from assets.transform.translator import WHOLE, WarehouseTranslator
from gxy_analytics.governance.retention.frozen import frozen_days
from gxy_analytics.quality.row_counts import table_rows
from gxy_analytics.resources import Dbt, Platform
from gxy_analytics.warehouse.day_builds import arrived_by_day, record_builds
from gxy_analytics.warehouse.partitions import window_vars
from gxy_analytics.warehouse.single_writer import single_writer


def day_models(manifest: Path) -> dg.AssetsDefinition:
    """Everything that is built by day, and the views and seeds it reads: one `dbt build` for any number of days."""

    @dbt_assets(
        name="dbt_days",
        manifest=manifest,
        exclude=f"config.materialized:{WHOLE}",
        dagster_dbt_translator=WarehouseTranslator(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=WRITE_POOL,
    )
    def build_days(context: dg.AssetExecutionContext, platform: Platform, dbt: Dbt) -> Iterator[Any]:
        window = window_of(context.run.tags)
        variables = window_vars(window) if window else {}
        with single_writer(platform.settings.data_dir), platform.clickhouse("dbt_days", context.run.run_id) as client:
            arrived = arrived_by_day(client, window) if window else {}
            frozen = frozen_days(client, window) if window else []
            if frozen:
                context.log.warning("%d days of tenants lost their events to retention: tables keep their rows.", len(frozen))
            yield from with_row_counts(context, client, dbt.build(context, variables))
            if arrived and context.selected_asset_keys == build_days.keys:
                record_builds(client, arrived, context.run.run_id)

    return build_days


def whole_models(manifest: Path) -> dg.AssetsDefinition:
    """Tables that are built whole from what the days hold: dimensions."""

    @dbt_assets(
        name="dbt_whole",
        manifest=manifest,
        select=f"config.materialized:{WHOLE}",
        dagster_dbt_translator=WarehouseTranslator(),
        pool=WRITE_POOL,
    )
    def build_whole(context: dg.AssetExecutionContext, platform: Platform, dbt: Dbt) -> Iterator[Any]:
        with single_writer(platform.settings.data_dir), platform.clickhouse("dbt_whole", context.run.run_id) as client:
            yield from with_row_counts(context, client, dbt.build(context, {}))

    return build_whole


def with_row_counts(context: dg.AssetExecutionContext, client: Any, events: Iterator[Any]) -> Iterator[Any]:
    """Add each finished table's rows, as the server's bookkeeping has them: a look-up, where dagster-dbt would count."""
    for event in events:
        if isinstance(event, dg.Output):
            database, table = context.asset_key_for_output(event.output_name).path
            rows = table_rows(client, database, table)
            yield event if rows is None else event.with_metadata({**event.metadata, "dagster/row_count": rows})
        else:
            yield event
