"""Which text columns there are, and the SQL that reads a sample of a table's. What is looked for in it belongs to the callers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import Template
from typing import Any

from clickhouse_connect.driver.binding import format_str, quote_identifier
from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql

ROWS = 2_500
"""Of the newest partition, and again from anywhere. 5,000 took two queries of 0.3 s CPU each for the widest table, raw.events."""
SKIPPED = ("pii", "system", "INFORMATION_SCHEMA", "information_schema")
"""`pii` holds ciphertext alone, which a test reads whole."""
SETTINGS = {
    "max_execution_time": 60,
    "max_threads": 1,  # a scan is in nobody's way
    "compile_expressions": 0,  # each query runs once: compiling it cost more than it saved
    "compile_aggregate_expressions": 0,
    "log_queries_cut_to_length": 2_000,
}


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table, its text columns, and its newest partition (id)."""

    database: str
    table: str
    columns: tuple[str, ...]
    rows: int
    newest: str


def text_tables(client: Client) -> Iterator[TextTable]:
    """Every table outside SKIPPED that holds rows of its own."""
    found = client.query(read_sql(__package__, "columns.sql"), parameters={"skipped": list(SKIPPED)}).result_rows
    for database, table, names, rows, newest in found:
        yield TextTable(database, table, tuple(names), int(rows or 0), newest or "")


def ask(client: Client, name: str, table: TextTable, seed: int, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run the query `name` over the sample of `table`: its $sample is `sample.sql`. Identifiers are the catalogue's, quoted."""
    texts = ", ".join(f"ifNull(toString({quote_identifier(column)}), '')" for column in table.columns)
    sample = Template(read_sql(__package__, "sample.sql")).substitute(
        table=f"{quote_identifier(table.database)}.{quote_identifier(table.table)}",
        columns=f"[{', '.join(format_str(column) for column in table.columns)}]",
        texts=f"[{texts}]",
    )
    bound = {
        "newest": table.newest,
        "rows": ROWS,
        "seed": seed,
        "one_in": max(1, table.rows // ROWS),
        **parameters,
    }
    query = Template(read_sql(__package__, name)).substitute(sample=sample)
    return [tuple(row) for row in client.query(query, parameters=bound, settings=SETTINGS).result_rows]
