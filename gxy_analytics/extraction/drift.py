"""Comparing a source table with its description before it is read: what is missing stops it, what is new is named.

A type that changed is not judged here: values that do not fit are rejected row by row.
"""

from __future__ import annotations

from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.errors import GxyError
from gxy_analytics.extraction.source import Source


class MissingColumnError(GxyError):
    """The source lacks a table or columns that the registry describes."""


def find_drift(spec: TableSpec, source: Source) -> tuple[str, ...]:
    """Return the columns nothing extracts, as `table.column`. Raises MissingColumnError naming every missing one."""
    extra: tuple[str, ...] = ()
    missing: list[str] = []
    for table, wanted in _wanted(spec).items():
        present = source.columns(table)
        if not present:
            raise MissingColumnError(
                f"The backend shows no table {table}, which raw.{spec.target} is extracted from: run the backend's migrations, "
                "check that GXY_OLTP_URL names the right database and schema, and that its user may select from the table."
            )
        missing += [f"{table}.{name}" for name in sorted(wanted - set(present))]
        if table == spec.source:
            extra = tuple(f"{table}.{name}" for name in present if name not in wanted)
    if missing:
        raise MissingColumnError(
            f"The backend has no {', '.join(missing)}, which raw.{spec.target} is extracted from: restore the column, "
            "or change its entry in gxy_analytics/contracts/oltp.py and the table's DDL. Other tables are not affected."
        )
    return extra


def _wanted(spec: TableSpec) -> dict[str, set[str]]:
    """Column names by table: the table's own, and those of its joins."""
    own = {spec.key, spec.tenant, *spec.changed_at, *filter(None, [spec.deleted_at]), *(join.on for join in spec.joins)}
    wanted = {spec.source: own | {column.source for column in spec.columns if not column.join}}
    for join in spec.joins:
        wanted[join.table] = {"id"} | {column.source for column in spec.columns if column.join == join.table}
    return wanted
