"""A world for dbt tests: an embedded server with the schema, dbt run in this process, checksums of what it built.

Rows come from the tests; `event` and the `*_columns` say how they are written into raw.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

from clickhouse_connect.driver.client import Client
from dbt.cli.main import dbtRunner, dbtRunnerResult

from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR, dbt_environment
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.manifest import prepared_manifest
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

BY_DAY = ("run", "--select", "config.materialized:daily_swap")
"""The tables built by day."""
EVERYTHING = ("build", "--resource-type", "model", "--resource-type", "seed")
"""Every table, view and seed, without tests."""


@dataclass
class DbtWorld:
    """One server and the dbt project on it."""

    server: EmbeddedClickHouse
    client: Client
    directory: Path

    @cached_property
    def runner(self) -> dbtRunner:
        """dbt with the project as it was parsed once for all: under another port than the profile's dbt parses again, for 6 s."""
        parsed = prepared_manifest().with_name("partial_parse.msgpack")
        return dbtRunner(self._invoke(dbtRunner(), "parse", "--partial-parse-file-path", str(parsed)).result)

    def dbt(self, command: str, *arguments: str, first: str = "", after: str = "") -> dbtRunnerResult:
        """Run `dbt <command>` for the local days [first, after), or for every day; the result may be a failure."""
        window = ["--vars", f"{{min_date: '{first}', max_date: '{after}'}}"] if first else []
        runner = self.runner
        with mock.patch.dict(os.environ, dbt_environment(Settings(clickhouse_url=self.server.url))):
            return self._invoke(runner, command, *window, *arguments)

    def _invoke(self, runner: dbtRunner, command: str, *arguments: str) -> dbtRunnerResult:
        paths = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
        outputs = ["--target-path", str(self.directory / "target"), "--log-path", str(self.directory / "logs")]
        return runner.invoke(["--quiet", command, *paths, *outputs, *arguments])

    def build(self, first: str = "", after: str = "", *, what: tuple[str, ...] = BY_DAY) -> None:
        """Build the days [first, after), or every day, and expect every model (and test) to succeed."""
        result = self.dbt(*what, first=first, after=after)
        assert result.success, messages(result)

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.client.query(sql, parameters=parameters).result_rows]

    def checksums(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(rows, checksum) of every day of every table that is built by day, by (table, day); without what is still aside."""
        tables = self.rows(
            "select database, name from system.tables "
            "where database in ('staging', 'marts', 'platform') and partition_key = 'local_date' "
            "and name not like '%aside%' order by 1, 2"
        )
        assert len(tables) >= 12
        return {
            (f"{database}.{table}", str(day)): (count, checksum)
            for database, table in tables
            for day, count, checksum in self.rows(
                f"select local_date, count(), groupBitXor(cityHash64(*)) from {database}.{table} group by 1 order by 1"
            )
        }

    def aside_tables(self) -> list[str]:
        return [name for (name,) in self.rows("select name from system.tables where name like '%aside%'")]

    def drop_built(self) -> None:
        """Forget everything dbt built."""
        for database, name in self.rows(
            "select database, name from system.tables where database in ('staging', 'marts', 'platform') "
            "or (database, name) = ('governance', 'fx_rates')"
        ):
            self.client.command(f"drop table {database}.{name} sync")

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows into raw.<table>, or governance.<table> for what is governance's."""
        database = "governance" if table == "tenant_timezones" else "raw"
        self.client.insert(table, rows, column_names=columns, database=database)


@contextmanager
def dbt_world(directory: Path) -> Iterator[DbtWorld]:
    """Start a server of one's own in `directory`, with the schema applied."""
    server = EmbeddedClickHouse(directory / "clickhouse", "test-password", free_port(), free_port())
    server.start()
    try:
        with connect(server.url, purpose="dbt-tests") as client:
            migrate(client, Settings())
            yield DbtWorld(server, client, directory)
    finally:
        server.stop()


def messages(result: dbtRunnerResult) -> str:
    """What went wrong in a dbt run, one line a node."""
    if result.exception:
        return str(result.exception)
    return "\n".join(f"{node.node.name}: {node.message}" for node in result.result if node.status not in ("success", "pass"))
