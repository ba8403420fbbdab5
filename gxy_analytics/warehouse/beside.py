"""Ids that a query brings along as tables of its own: they are in no text of it, no parameter and no log of the server.

A bound parameter is written into system.query_log with its value, and ends at 128 KiB. In a mutation, which outlives the query,
ids are named by their hashes: see `governance.suppressions.identity_hash`.
"""

from __future__ import annotations

from collections.abc import Iterable

from clickhouse_connect.driver.external import ExternalData


def beside(**lists: Iterable[str]) -> ExternalData:
    """Each list as a table of its name with one column `id`, as `external_data` of a query."""
    tables = ExternalData()
    for name, values in lists.items():
        lines = "".join(f"{_escaped(value)}\n" for value in values)
        tables.add_file(data=lines.encode(), file_name=name, fmt="TSV", structure="id String")
    return tables


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\0")
