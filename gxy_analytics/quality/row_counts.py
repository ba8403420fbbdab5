"""How many rows a table has, from the server's own bookkeeping. No table is read for it."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql


def table_rows(client: Client, database: str, table: str) -> int | None:
    """Rows of `database.table`; None for a view, which keeps no count, and for a table that is not there."""
    parameters = {"database": database, "table": table}
    rows = client.query(read_sql("gxy_analytics.quality", "table_rows.sql"), parameters=parameters).result_rows
    return int(rows[0][0]) if rows and rows[0][0] is not None else None
