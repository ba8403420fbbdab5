"""Read query results from the backend's database into polars, independent of the extraction that they are meant to check.

What is computed from them belongs to `reconciliation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import adbc_driver_postgresql.dbapi
import polars as pl
from adbc_driver_manager import Error as AdbcError
from pymysql.err import MySQLError

from gxy_analytics.extraction.connections import connect_mysql, is_postgres, unreachable
from gxy_analytics.warehouse.client import read_sql

Schema = Mapping[str, pl.DataType]


def read_source(url: str, name: str, since: datetime, until: datetime, schema: Schema) -> pl.DataFrame:
    """Run the query `name` over the instants [since, until), both UTC. Raises SourceUnreachableError."""
    sql = read_sql("gxy_analytics.quality", name)
    bounds = {"since": since.replace(tzinfo=None), "until": until.replace(tzinfo=None)}
    frame = _read_postgres(url, sql, bounds, schema) if is_postgres(url) else _read_mysql(url, sql, bounds, schema)
    return frame.with_columns(pl.col(column).cast(kind) for column, kind in schema.items())


def _read_postgres(url: str, sql: str, bounds: dict[str, datetime], schema: Schema) -> pl.DataFrame:
    numbered = sql.replace("%(since)s", "$1").replace("%(until)s", "$2")
    try:
        with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(numbered, (bounds["since"], bounds["until"]))
            frame = pl.from_arrow(cursor.fetch_arrow_table())
    except AdbcError as error:
        raise unreachable(url, error) from error
    assert isinstance(frame, pl.DataFrame)  # noqa: S101
    return frame


def _read_mysql(url: str, sql: str, bounds: dict[str, datetime], schema: Schema) -> pl.DataFrame:
    try:
        with connect_mysql(url) as connection, connection.cursor() as cursor:
            cursor.execute(sql, bounds)
            rows = cursor.fetchall()
    except MySQLError as error:
        raise unreachable(url, error) from error
    return pl.DataFrame(list(rows), schema=list(schema), orient="row", infer_schema_length=None)
