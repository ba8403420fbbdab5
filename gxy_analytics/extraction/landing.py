"""Landing a batch: into a temporary table first, then only the rows whose content differs from the current version.

So reading a row again writes no version of it, and counts as no arrival. Which rows come here is decided in `loading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from string import Template
from typing import Any
from uuid import uuid4

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.warehouse.client import read_sql

# The columns every version adds to the spec's own. `updated_at` alone is no change: backends touch rows.
VERSION_COLUMNS = ("row_hash", "extracted_at")
NOT_CONTENT = ("updated_at",)
SESSION_SECONDS = 3600
# The materialized views write a partition a month of business time: an old shop's first batch may span them all.
# Every insert is meant: equal counts of arrivals are no repetition.
INSERT_SETTINGS = {"max_partitions_per_insert_block": 0, "max_insert_threads": 1, "insert_deduplicate": 0}
ONE_VERSION = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Landed:
    """Versions written by one batch, and how many of them are deleted rows."""

    changed: int
    deleted: int


def landed_columns(spec: TableSpec) -> tuple[str, ...]:
    """Columns of `raw.<target>` that a batch brings, in the order it brings them."""
    own = tuple(column.name for column in spec.landed)
    return (*(own if spec.tenant == "id" else ("tenant_id", *own)), "is_deleted")


def key_columns(spec: TableSpec) -> tuple[str, ...]:
    """What identifies a row of `raw.<target>`."""
    return ("tenant_id",) if spec.tenant == "id" else ("tenant_id", spec.key_column)


def key_table(spec: TableSpec, keys: Sequence[tuple[str, Any]]) -> pa.Table:
    """(tenant_id, key) pairs as columns named as in `raw.<target>`."""
    columns = [pa.array([tenant for tenant, _ in keys], pa.string()), pa.array([key for _, key in keys])]
    names = key_columns(spec)
    return pa.table(columns[: len(names)], names=list(names))


class Landing:
    """One session with its temporary tables, for one table's extraction; close() forgets both."""

    def __init__(self, client: Client, spec: TableSpec) -> None:
        self.client = client
        self.spec = spec
        self.session = {"session_id": f"extract-{spec.source}-{uuid4().hex}", "session_timeout": SESSION_SECONDS}
        columns = landed_columns(spec)
        self._names = {
            "target": f"raw.{spec.target}",
            "source": spec.target,
            "arrival": spec.arrival_column,
            "columns": ", ".join(columns),
            "keys": ", ".join(key_columns(spec)),
            "content": ", ".join(column for column in columns if column not in NOT_CONTENT),
            "tombstone": ", ".join(
                "true" if column == "is_deleted" else column for column in columns if column not in NOT_CONTENT
            ),
        }
        self._run("create_landing.sql")
        self._run("create_changed.sql")
        self._run("create_buried.sql")
        self._run("create_moved.sql")
        # Versions must grow even when the server's clock went back.
        self._floor = self._value("next_version.sql")

    def land(self, rows: pa.Table) -> Landed:
        """Write a version of every row whose content is new."""
        self._run("empty_landing.sql")
        self.client.insert_arrow("landing", rows.select(list(landed_columns(self.spec))), settings=self.session)
        self._run("find_changed.sql")
        return self._write()

    def name_buried(self, keys: Sequence[tuple[str, Any]]) -> None:
        """Put these (tenant_id, key) into `buried`, alone."""
        self._run("empty_buried.sql")
        self.client.insert_arrow("buried", key_table(self.spec, keys), settings=self.session)

    def bury(self) -> Landed:
        """Write a tombstone (the last version, deleted) for every key in `buried` that is live."""
        self._run("find_buried.sql")
        return self._write()

    def recount_arrivals(self, finished_at: datetime) -> None:
        """Count the versions since the last finished extraction as arrivals: a server that died may have lost their count.

        The views count after the rows are written, and a row that was written is no change when it is read again.
        """
        if self.spec.arrival_column and datetime.fromisoformat(self._floor).replace(tzinfo=UTC) > finished_at + ONE_VERSION:
            self._run("recount_arrivals.sql", {"finished_at": finished_at})

    def is_empty(self) -> bool:
        """Whether nothing was ever extracted into the target."""
        return bool(self._value("is_empty.sql"))

    def is_lost(self) -> bool:
        """Whether the server forgot the session and its temporary tables."""
        return not self._value("is_kept.sql")

    def close(self) -> None:
        """Drop the temporary tables, rather than leave them to the session's end."""
        for name in ("drop_landing.sql", "drop_changed.sql", "drop_buried.sql", "drop_moved.sql"):
            self._run(name)

    def __enter__(self) -> Landing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self) -> Landed:
        changed, deleted = self.client.query(read_sql(__package__, "count_changed.sql"), settings=self.session).result_rows[0]
        if changed:
            # Where a row was before its instant changed: the views see only where it went. Counted before it goes, lest a crash
            # lose the count, and after, lest a day that is built in between keep the row.
            if self.spec.arrival_column:
                self._run("find_moved.sql")
                self._run("count_moved.sql")
            self._run("insert_changed.sql", {"floor": self._floor})
            if self.spec.arrival_column:
                self._run("count_moved.sql")
                self._run("empty_moved.sql")
            self._run("empty_changed.sql")
        return Landed(changed, deleted)

    def _sql(self, name: str) -> str:
        return Template(read_sql(__package__, name)).substitute(self._names)

    def _run(self, name: str, parameters: dict[str, Any] | None = None) -> None:
        self.client.command(self._sql(name), parameters=parameters, settings={**self.session, **INSERT_SETTINGS})

    def _value(self, name: str) -> Any:
        return self.client.query(self._sql(name), settings=self.session).result_rows[0][0]
