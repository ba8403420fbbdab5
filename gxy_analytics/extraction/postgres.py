"""PostgreSQL as a source: ADBC, which streams COPY as Arrow.

A query with bound parameters would be buffered whole by libpq, so that parameters are bound to session settings first and the
query reads them with `current_setting`. Which queries are asked is in `queries`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from gxy_analytics.extraction.connections import CONNECT_SECONDS, unreachable
from gxy_analytics.extraction.source import BATCH_ROWS, EXCLUDED, Parameters

SESSION = "set timezone to 'UTC'", "set default_transaction_read_only to on", "set statement_timeout to 0"
BIND = "select set_config($1, $2, false)"
COLUMNS = (
    "select column_name from information_schema.columns "
    "where table_schema = any(current_schemas(false)) and table_name = current_setting('gxy.table') order by ordinal_position"
)
BATCH_BYTES = 4 * 1024 * 1024


class PostgresSource:
    """A `Source` over ADBC."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.excluded: list[int] = []
        separator = "&" if urlsplit(url).query else "?"
        bounded = url if "connect_timeout=" in url else f"{url}{separator}connect_timeout={CONNECT_SECONDS}"
        try:
            self._connection = adbc.connect(bounded, autocommit=True)
            with self._connection.cursor() as cursor:
                for statement in SESSION:
                    cursor.execute(statement)
        except adbc_driver_manager.Error as error:
            raise unreachable(url, error) from error

    def columns(self, table: str) -> list[str]:
        return [name for batch in self.stream(COLUMNS, {"table": table}) for name in batch.column(0).to_pylist()]

    def now(self) -> datetime:
        (batch,) = self.stream("select clock_timestamp() as now")
        moment: datetime = batch.column(0)[0].as_py()
        return moment.astimezone(UTC)

    def stream(self, sql: str, parameters: Parameters | None = None) -> Iterator[pa.RecordBatch]:
        try:
            with self._connection.cursor(adbc_stmt_kwargs={"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}) as cursor:
                for name, value in {EXCLUDED: self.excluded, **(parameters or {})}.items():
                    cursor.execute(BIND, (f"gxy.{name}", _setting(value)))
                    cursor.fetchall()
                cursor.execute(sql)
                for batch in cursor.fetch_record_batch():
                    for start in range(0, batch.num_rows, BATCH_ROWS):
                        yield batch.slice(start, BATCH_ROWS)
        except (adbc_driver_manager.Error, OSError) as error:
            # Arrow's reader reports a connection that broke while rows were streaming as OSError.
            raise unreachable(self.url, error) from error

    def quote(self, identifier: str) -> str:
        return f'"{identifier}"'

    def as_text(self, expression: str) -> str:
        return f"({expression})::text"

    def as_integer(self, expression: str) -> str:
        return f"({expression})::bigint"

    def instant(self, name: str) -> str:
        return f"current_setting('gxy.{name}')::timestamp"

    def integer(self, name: str) -> str:
        return f"current_setting('gxy.{name}')::bigint"

    def is_among(self, expression: str, name: str) -> str:
        return f"{expression} = any(current_setting('gxy.{name}')::bigint[])"

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> PostgresSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _setting(value: datetime | int | list[int] | str) -> str:
    """The text of a parameter as PostgreSQL reads it back."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, list):
        return "{" + ",".join(map(str, value)) + "}"
    return str(value)
