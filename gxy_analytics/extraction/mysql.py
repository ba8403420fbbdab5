"""MySQL and MariaDB as a source: an unbuffered cursor whose rows are gathered into Arrow batches.

Which queries are asked is in `queries`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pymysql
from pymysql.cursors import SSCursor

from gxy_analytics.extraction.connections import connect_mysql, unreachable
from gxy_analytics.extraction.source import BATCH_ROWS, EXCLUDED, Parameters

COLUMNS = (
    "select column_name from information_schema.columns "
    "where table_schema = database() and table_name = %(table)s order by ordinal_position"
)


class MysqlSource:
    """A `Source` over pymysql."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.excluded: list[int] = []
        self._connection = connect_mysql(url, cursorclass=SSCursor)
        with self._connection.cursor() as cursor:
            cursor.execute("set session transaction read only")
            # The server gives up on a client that takes longer than this between two reads (default 60 s).
            cursor.execute("set session net_write_timeout = 3600")

    def columns(self, table: str) -> list[str]:
        return [name for batch in self.stream(COLUMNS, {"table": table}) for name in batch.column(0).to_pylist()]

    def now(self) -> datetime:
        (batch,) = self.stream("select utc_timestamp(6) as now")
        moment: datetime = batch.column(0)[0].as_py()
        return moment.replace(tzinfo=UTC)

    def stream(self, sql: str, parameters: Parameters | None = None) -> Iterator[pa.RecordBatch]:
        bound = {name: _bindable(value) for name, value in {EXCLUDED: self.excluded, **(parameters or {})}.items()}
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, bound)
                names = [column[0] for column in cursor.description]
                while rows := cursor.fetchmany(BATCH_ROWS):
                    yield _batch(names, rows)
        except pymysql.err.MySQLError as error:
            raise unreachable(self.url, error) from error

    def quote(self, identifier: str) -> str:
        return f"`{identifier}`"

    def as_text(self, expression: str) -> str:
        return f"cast({expression} as char)"

    def as_integer(self, expression: str) -> str:
        return f"cast({expression} as signed)"

    def instant(self, name: str) -> str:
        return f"%({name})s"

    def integer(self, name: str) -> str:
        return f"%({name})s"

    def is_among(self, expression: str, name: str) -> str:
        return f"{expression} in %({name})s"

    def close(self) -> None:
        if self._connection.open:
            self._connection.close()

    def __enter__(self) -> MysqlSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bindable(value: datetime | int | list[int] | str) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _batch(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    """Rows as Arrow. Decimals become text, exactly; so does a column whose values are of several types (zero dates)."""
    return pa.RecordBatch.from_arrays([_array([row[i] for row in rows]) for i in range(len(names))], names=list(names))


def _array(values: list[Any]) -> pa.Array:
    if any(isinstance(value, Decimal) for value in values):
        return _text(values)
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return _text(values)


def _text(values: list[Any]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())
