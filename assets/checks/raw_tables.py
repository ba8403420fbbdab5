"""Blocking checks on the raw layer: columns as in the schema files, rows of known tenants only. What fails is not built from."""

from collections.abc import Iterator

import dagster as dg

from assets.checks.results import result
from assets.conventions import contracts
from assets.partitions import window_of
from assets.retries import retried
from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.quality.columns import check_columns
from gxy_analytics.quality.tenancy import DayColumn, check_tenants
from gxy_analytics.resources import Platform

COLUMNS, TENANTS = "columns_as_contracted", "tenants_are_known"
REMEDY = (
    "Run `gxy migrate`; if it still differs, someone changed the table by hand: change it back, or put the change in a migration."
)
DAY_COLUMNS = {"events": DayColumn("event_time", is_local=False), "events_rejected": DayColumn("received_at", is_local=False)}
"""Tables too large to read whole; the others are checked whole."""


def checks_of(database: str, table: str) -> dg.AssetChecksDefinition:
    """Both checks of one table, in one step."""
    key = [database, table]
    contract = {name: column.type for name, column in contracts()[database, table].columns.items()}
    specs = [
        dg.AssetCheckSpec(COLUMNS, asset=key, blocking=True, description="The columns and types are those of the schema files."),
        dg.AssetCheckSpec(TENANTS, asset=key, blocking=True, description="tenant_id is never empty and always a known tenant."),
    ]

    @dg.multi_asset_check(name=f"check_{database}_{table}", specs=specs)
    def check(context: dg.AssetCheckExecutionContext, platform: Platform) -> Iterator[dg.AssetCheckResult]:
        window = window_of(context.run.tags)
        with retried(), platform.clickhouse(f"check {database}.{table}", context.run.run_id) as client:
            yield result(check_columns(client, database, table, contract, REMEDY), asset=key, check=COLUMNS)
            yield result(check_tenants(client, database, table, window, DAY_COLUMNS.get(table)), asset=key, check=TENANTS)

    return check


raw_checks = [checks_of("raw", name) for name in ("events", "events_rejected", *(spec.target for spec in TABLES.values()))]
vault_checks = [checks_of("pii", spec.vault.table) for spec in TABLES.values() if spec.vault]
