"""Erasing a whole tenant: every row of it, in every table that has tenants, counted afterwards. Removal calls it.

What stays (registry: `tenant = "keep"`) is anonymous, released, or the proof of what was done.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.errors import HeldError, SurvivorsError, UnknownTableError
from gxy_analytics.governance.erasure.predicates import TENANT, quoted
from gxy_analytics.governance.erasure.registry import Registry, Table, load_registry
from gxy_analytics.governance.erasure.sql import SYNC, filled
from gxy_analytics.governance.erasure.treatments import drop_leftovers, physical_tables, purge
from gxy_analytics.governance.erasure.verification import DATABASES, parts_left, server_now
from gxy_analytics.governance.retention.holds import held
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.single_writer import single_writer


def erase_tenant(client: Client, settings: Settings, tenant_id: str) -> dict[str, Any]:
    """Delete every row of the tenant, while no build runs; asked again, it deletes what has come since.

    Returns {"tables": {name: {"erased", "surviving"}}, "kept": {name: reason}, "waiting": [...], "purged_at": ISO}; `waiting`
    names tables whose old parts are still on disk at return, see `tenant_parts_left`. Stop its ingest and extraction first.
    Raises HeldError, SurvivorsError, UnknownTableError, DetachedPartsError.
    """
    registry = load_registry()
    holds = held(client, tenant_id)
    if holds:
        raise HeldError(f"A legal hold forbids deleting ({holds[0]}): lift it (`gxy retention release`), then remove the tenant.")
    tables = tenant_tables(client, registry)
    parameters = {"tenant_id": tenant_id}
    with single_writer(settings.data_dir):
        drop_leftovers(client, registry)
        erased = {table.name: _rows(client, table, parameters) for table in tables}
        for table in tables:
            if erased[table.name]:
                client.command(filled("delete_rows", table=quoted(table), rows=TENANT), parameters=parameters, settings=SYNC)
    for table in tables:
        purge(client, table)
    purged_at = server_now(client)
    surviving = {table.name: _rows(client, table, parameters) for table in tables}
    left = {name: rows for name, rows in surviving.items() if rows}
    if left:
        raise SurvivorsError(
            f"Rows of tenant {tenant_id} are there again ({', '.join(f'{rows} in {name}' for name, rows in left.items())}): "
            "stop what writes them (ingest, extraction), then remove the tenant again."
        )
    touched = [name for name, rows in erased.items() if rows]
    return {
        "tables": {name: {"erased": rows, "surviving": surviving[name]} for name, rows in erased.items()},
        "kept": {table.name: table.reason or table.treatment for table in registry.tables if table.tenant == "keep"},
        "waiting": sorted(parts_left(client, touched, purged_at)),
        "purged_at": purged_at.isoformat(),
        "erased_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def tenant_parts_left(client: Client, report: dict[str, Any]) -> list[str]:
    """Tables of the report of `erase_tenant` that still have parts on disk from before. Raises DetachedPartsError."""
    touched = [name for name, table in report["tables"].items() if table["erased"]]
    return sorted(parts_left(client, touched, datetime.fromisoformat(report["purged_at"])))


def tenant_tables(client: Client, registry: Registry) -> list[Table]:
    """Tables with a tenant_id whose rows go with the tenant. Raises UnknownTableError for one that is not in the registry."""
    present = physical_tables(client)
    known = {table.name: table for table in registry.tables}
    rows = client.query(
        read_sql(__package__, "tables_with_people.sql"), parameters={"databases": list(DATABASES), "columns": ["tenant_id"]}
    ).result_rows
    names = [f"{database}.{name}" for database, name in rows]
    left = tuple(f"{leftovers.database}.{leftovers.prefix}" for leftovers in registry.leftovers)
    unknown = [name for name in names if name not in known and not name.startswith(left)]
    if unknown:
        raise UnknownTableError(
            f"{', '.join(unknown)} has rows of tenants and is not in the registry of erasure: give it an entry in registry.toml."
        )
    return [known[name] for name in names if name in known and name in present and known[name].tenant != "keep"]


def _rows(client: Client, table: Table, parameters: dict[str, str]) -> int:
    return int(client.query(filled("tenant_rows", table=quoted(table)), parameters=parameters).result_rows[0][0])
