"""`gxy tenant export`: everything the platform keeps of a tenant, one file a table, with a manifest that says what is in them.

The vault is opened only when asked, with a reason, by its one reader. What a file looks like belongs to `export_files`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.lifecycle.export_files import (
    Format,
    Row,
    describe,
    open_private,
    write_rows,
    write_table,
)
from gxy_analytics.governance.lifecycle.states import MissingReasonError, state_of
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.warehouse.client import read_sql

PEOPLE_AT_ONCE = 5_000  # one row of the audit each time the vault is opened
COLUMNS = ("name", "type", "description")


class ExportExistsError(GxyError):
    """The directory to export to has something in it."""


class UnknownTableError(GxyError):
    """A table to export is none that a tenant takes along."""


class ExportIncompleteError(GxyError):
    """A file has fewer or more rows than its table."""


@dataclass(frozen=True)
class ExportTable:
    """A table of the tenant, and its columns as (name, ClickHouse type, description)."""

    database: str
    name: str
    columns: list[tuple[str, str, str]]

    @property
    def full_name(self) -> str:
        return f"{self.database}.{self.name}"


def export_tenant(
    client: Client,
    slug: str,
    out: Path,
    *,
    form: Format = "parquet",
    tables: Iterable[str] = (),
    vault: VaultReader | None = None,
    reason: str = "",
    progress: Callable[[str, int], None] = lambda table, rows: None,
) -> dict[str, Any]:
    """Write the tenant's rows to the directory `out`, which appears when it is whole, and return the manifest.

    `tables` as `database.table`, all by default; `vault` adds the personal values in the clear, and needs a `reason`. Memory does
    not grow with the tenant. Raises UnknownTenantError, UnknownTableError, ExportExistsError, MissingReasonError and
    ExportIncompleteError.
    """
    state_of(client, slug)
    chosen = choose(export_tables(client), list(tables))
    if vault and not reason.strip():
        raise MissingReasonError("No reason: personal data in the clear needs one (--reason), and it is kept in the audit.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportExistsError(f"{out} has something in it already: name a directory that is empty, or not there yet.")
    aside = out.resolve().with_name(f".{out.resolve().name}.{secrets.token_hex(4)}.partial")
    aside.mkdir(mode=0o700, parents=True)
    try:
        files = []
        for entry in _entries(client, slug, aside, form, chosen, vault, reason):
            progress(entry["table"], entry["rows"])
            files.append(entry)
        manifest = {
            "tenant_id": slug,
            "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "format": form,
            "has_personal_data": vault is not None,
            "rows": sum(entry["rows"] for entry in files),
            "files": files,
        }
        with os.fdopen(open_private(aside / "manifest.json"), "w") as file:
            json.dump(manifest, file, indent=2)
        details = {"what": "tenant", "format": form, "files": len(files), "personal_data": "yes" if vault else "no"}
        record(client, "export.made", tenant_id=slug, reason=reason, rows=manifest["rows"], details=details)
        aside.rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def export_tables(client: Client) -> list[ExportTable]:
    """What can be exported, as the catalogue has it now."""
    rows = client.query(read_sql(__package__, "export_tables.sql")).result_rows
    return [ExportTable(database, name, [tuple(column) for column in columns]) for database, name, columns in rows]


def choose(known: list[ExportTable], names: list[str]) -> list[ExportTable]:
    """The tables of these names, or all. Raises UnknownTableError naming those there are."""
    by_name = {table.full_name: table for table in known}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise UnknownTableError(f"There is no {', '.join(unknown)} to export: name some of {', '.join(by_name)}.")
    return [by_name[name] for name in names] if names else known


def _entries(
    client: Client, slug: str, aside: Path, form: Format, tables: list[ExportTable], vault: VaultReader | None, reason: str
) -> Iterator[dict[str, Any]]:
    """Write each file, and yield what the manifest says of it."""
    for table in tables:
        path = aside / f"{table.full_name}.{form}"
        before = _count(client, table, slug)
        write_table(client, path, form, database=table.database, table=table.name, tenant_id=slug)
        described = describe(path, form)
        bounds = sorted((before, _count(client, table, slug)))
        if not bounds[0] <= described["rows"] <= bounds[1]:
            raise ExportIncompleteError(
                f"{described['file']} has {described['rows']} rows, its table {bounds[1]}: nothing was exported, run it again."
            )
        yield {"table": table.full_name, **described, "columns": [dict(zip(COLUMNS, one, strict=True)) for one in table.columns]}
    if vault:
        for source, key, rows in _personal(client, slug, vault, reason):
            path = aside / f"pii.{source}.{form}"
            names = [key, *(column.source for column in TABLES[source].sealed)]
            write_rows(path, form, names, rows)
            columns = [dict(zip(COLUMNS, (name, "String", "in the clear"), strict=True)) for name in names]
            yield {"table": f"pii.{source}", **describe(path, form), "columns": columns}


def _count(client: Client, table: ExportTable, slug: str) -> int:
    bound = {"database": table.database, "table": table.name, "tenant_id": slug}
    return int(client.query(read_sql(__package__, "count_rows.sql"), parameters=bound, settings={"final": 1}).first_row[0])


def _personal(client: Client, slug: str, vault: VaultReader, reason: str) -> Iterator[tuple[str, str, Iterator[Row]]]:
    def customers() -> Iterator[Row]:
        for pids in _keys(client, "export_customers.sql", slug, ""):
            opened = vault.customers(slug, pids, reason=reason)
            yield from ({"customer_pid": pid, **values} for pid, values in opened.items())

    def orders() -> Iterator[Row]:
        for ids in _keys(client, "export_orders.sql", slug, -1):
            opened = vault.orders(slug, order_ids=ids, reason=reason)
            yield from ({"order_id": key, **values} for key, values in opened.items())

    yield "customers", "customer_pid", customers()
    yield "orders", "order_id", orders()


def _keys(client: Client, sql: str, slug: str, after: Any) -> Iterator[list[Any]]:
    while True:
        bound = {"tenant_id": slug, "after": after, "rows": PEOPLE_AT_ONCE}
        keys = [key for (key,) in client.query(read_sql(__package__, sql), parameters=bound).result_rows]
        if not keys:
            return
        yield keys
        after = keys[-1]
