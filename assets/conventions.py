"""What all assets share: owners, groups by layer, the write pool, and specs made from the schema files.

A definition that Dagster loads does not belong here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from typing import Any

import dagster as dg

from gxy_analytics.quality.ddl import Table, ddl_tables
from gxy_analytics.warehouse.client import read_sql

OWNERS = ["team:data-platform"]
WRITE_POOL = "clickhouse_write"
"""One run at a time writes marts: two builds of a day would swap each other's partitions."""

BUILD_TAG = "gxy/build"
"""Tag of a dbt asset: `days`, `whole`, `view` or `seed`. `apart`: an asset with a job of its own, which no other job runs."""

GROUPS = {
    "raw": "raw",
    "pii": "vault",
    "staging": "staging",
    "marts": "marts",
    "platform": "platform",
    "features": "features",
    "governance": "governance",
}
"""Group in the UI by database."""


@cache
def column_notes() -> dict[str, Any]:
    """What columns hold that the schema files do not say: by database and table, and under `everywhere`."""
    return tomllib.loads(read_sql(__package__, "columns.toml"))


@cache
def contracts() -> dict[tuple[str, str], Table]:
    """The tables of the schema files, read once."""
    return ddl_tables()


def table_schema(database: str, name: str, table: Table) -> dg.TableSchema:
    """The columns as the UI shows them: what the schema files say of them, else what `columns.toml` does."""
    notes = column_notes()
    notes = notes["everywhere"] | notes.get(database, {}).get(name, {})
    return dg.TableSchema(
        columns=[
            dg.TableColumn(column, of.type, description=of.comment or notes.get(column)) for column, of in table.columns.items()
        ]
    )


def table_spec(
    database: str, table: str, description: str, *, kinds: set[str], deps: Sequence[Any] = (), **attributes: Any
) -> dg.AssetSpec:
    """The spec of a table that the migrations make: key, group, owners, kinds, columns."""
    contract = contracts()[database, table]
    return dg.AssetSpec(
        key=[database, table],
        description=f"{description}\n\n{contract.comment}." if contract.comment else description,
        group_name=GROUPS[database],
        owners=OWNERS,
        kinds={"clickhouse", *kinds},
        deps=deps,
        metadata={"dagster/column_schema": table_schema(database, table, contract), "dagster/table_name": f"{database}.{table}"},
        **attributes,
    )
