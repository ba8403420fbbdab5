"""Writing to the backend's database by SQL, so that writing the same thing twice changes nothing.

PostgreSQL (COPY) and MySQL/MariaDB (executemany). What is written comes from `backend_rows.py`, into which tables from
`backend_tables.py`: identifiers in statements are constants of that file, values are bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Union

import psycopg
import pymysql

from gxy_analytics.demo.backend_tables import Table

Connection = Union[psycopg.Connection[Any], "pymysql.connections.Connection[Any]"]  # pymysql is generic for type checkers only
Row = tuple[object, ...]
Key = tuple[object, ...]
KEYS_A_QUERY = 1_000


class Backend:
    """One connection to the OLTP database, autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tenant_id(self, slug: str) -> int:
        """tenants.id of `slug`, which must exist."""
        with self._connection.cursor() as cursor:
            cursor.execute("select id from tenants where slug = %s", (slug,))
            row = cursor.fetchone()
        assert row is not None, "tenants are added first"  # noqa: S101
        return int(row[0])

    def ensure(self, table: Table, rows: Sequence[Row]) -> dict[Key, int]:
        """Insert the rows that `table` lacks, update what changed in the others; return key -> id of all. One tenant a call."""
        if not rows:
            return {}
        key_at, mutable_at = table.at(table.key), table.at(table.mutable)
        wanted = {tuple(row[i] for i in key_at): row for row in rows}
        found = self._find(table, rows[0][0], {key[0] for key in wanted})
        written_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        missing = [(*row, written_at) for key, row in wanted.items() if key not in found]
        changed = [
            (*(row[i] for i in mutable_at), written_at, found[key][0])
            for key, row in wanted.items()
            if key in found and tuple(row[i] for i in mutable_at) != found[key][1]
        ]
        self._insert(table, missing)
        self._update(table, changed)
        if missing:
            found |= self._find(table, rows[0][0], {key[0] for key in wanted if key not in found})
        return {key: found[key][0] for key in wanted}

    def _find(self, table: Table, tenant: object, firsts: set[object]) -> dict[Key, tuple[int, Row]]:
        """key -> (id, mutable columns) of the tenant's rows whose first key column is in `firsts`."""
        columns, width = ", ".join(("id", *table.key, *table.mutable)), len(table.key)
        found: dict[Key, tuple[int, Row]] = {}
        with self._connection.cursor() as cursor:
            for chunk in _chunks(firsts):
                marks = ", ".join(["%s"] * len(chunk))
                cursor.execute(
                    f"select {columns} from {table.name} where tenant_id = %s and {table.key[0]} in ({marks})",  # noqa: S608
                    (tenant, *chunk),
                )
                found |= {tuple(row[1 : width + 1]): (int(row[0]), tuple(row[width + 1 :])) for row in cursor.fetchall()}
        return found

    def _insert(self, table: Table, rows: Sequence[Row]) -> None:
        columns = ", ".join((*table.columns, "updated_at"))
        if not rows:
            return
        if isinstance(self._connection, psycopg.Connection):
            with self._connection.cursor() as cursor, cursor.copy(f"copy {table.name} ({columns}) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * (len(table.columns) + 1))
        with self._connection.cursor() as cursor:
            cursor.executemany(f"insert into {table.name} ({columns}) values ({marks})", rows)  # noqa: S608

    def _update(self, table: Table, rows: Sequence[Row]) -> None:
        if rows:
            assignments = ", ".join(f"{column} = %s" for column in (*table.mutable, "updated_at"))
            with self._connection.cursor() as cursor:
                cursor.executemany(f"update {table.name} set {assignments} where id = %s", rows)  # noqa: S608


def _chunks(values: Iterable[object]) -> Iterable[tuple[object, ...]]:
    ordered = sorted(values, key=str)
    return (tuple(ordered[i : i + KEYS_A_QUERY]) for i in range(0, len(ordered), KEYS_A_QUERY))
