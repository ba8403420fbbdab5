"""The world of `benchmarks.daily`: a server of its own, days made inside it, dbt builds measured by the clock and by query_log.

What is compared with which bar belongs to `daily`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from benchmarks.ingest_stack import free_port
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect, read_sql
from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR, dbt_environment
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate

EVENTS_TO_AN_ORDER = 240


@dataclass(frozen=True)
class Build:
    """One dbt build: seconds by the clock, in which ClickHouse worked, and of its processors; its highest memory in bytes."""

    elapsed: float
    clickhouse: float
    cpu: float
    peak_memory: int


@dataclass
class World:
    """A server with the schema and the tenants' zones."""

    server: EmbeddedClickHouse
    client: Client
    directory: Path
    tenants: int

    def make_day(self, day: date, events: int) -> None:
        """Insert the events of a UTC day, and their orders, lines and refunds."""
        sizes = {"daily_events": events, "daily_orders": events // EVENTS_TO_AN_ORDER, "daily_order_items": 0, "daily_refunds": 0}
        for name, rows in sizes.items():
            parameters = {"day": day, "rows": rows, "tenants": self.tenants}
            self.client.command(read_sql("benchmarks", f"{name}.sql"), parameters=parameters)

    def forget(self) -> None:
        """Remove every event, order and mart."""
        for table in ("events", "oltp_orders", "oltp_order_items", "oltp_refunds"):
            self.client.command(f"truncate table raw.{table}")
        for database in ("staging", "marts", "platform"):
            self.client.command(f"drop database {database} sync")
            self.client.command(f"create database {database}")

    def build(self, first: date, last: date) -> Build:
        """Build the days first … last as the graph does: one `dbt build`, data tests included. Raises CalledProcessError."""
        since = time.time()
        window = f"{{min_date: '{first}', max_date: '{last + timedelta(days=1)}'}}"
        outputs = ["--target-path", str(self.directory / "target"), "--log-path", str(self.directory / "logs")]
        command = ["build", "--exclude-resource-type", "unit_test", "--profiles-dir", ".", *outputs, "--vars", window]
        environment = {**os.environ, **dbt_environment(Settings.model_validate({"clickhouse_url": self.server.url}))}
        subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--quiet", *command], cwd=DBT_PROJECT_DIR, env=environment, check=True
        )
        return self.measured(since)

    def measured(self, since: float) -> Build:
        """What dbt's queries took since an instant (seconds since 1970)."""
        elapsed = time.time() - since
        self.client.command("system flush logs")
        parameters = {"since": int(since * 1e6)}
        queries = [
            (float(started), float(ended), int(memory), float(cpu))
            for started, ended, memory, cpu in self.client.query(
                read_sql("benchmarks", "daily_queries.sql"), parameters=parameters
            ).result_rows
        ]
        return Build(elapsed, busy_seconds(queries), sum(cpu for *_, cpu in queries), peak_memory(queries))


Queries = list[tuple[float, float, int, float]]


def busy_seconds(queries: Queries) -> float:
    """Seconds in which at least one query ran."""
    busy, until = 0.0, 0.0
    for started, ended, *_ in sorted(queries):
        busy += max(0.0, ended - max(started, until))
        until = max(until, ended)
    return busy


def peak_memory(queries: Queries) -> int:
    """The highest sum, in bytes, of the peaks of queries that ran at the same time: no less than what was used."""
    return max(
        (sum(memory for started, ended, memory, _ in queries if started <= moment < ended) for moment, *_ in queries), default=0
    )


@contextmanager
def benchmark_world(tenants: int) -> Iterator[World]:
    """Start a server in a directory of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gxy-daily-") as name:
        directory = Path(name)
        server = EmbeddedClickHouse(directory / "clickhouse", "benchmark", free_port(), free_port())
        server.start()
        try:
            with connect(server.url, purpose="benchmark") as client:
                migrate(client, Settings.model_validate({}))
                client.command(read_sql("benchmarks", "daily_tenants.sql"), parameters={"tenants": tenants})
                client.command(read_sql("benchmarks", "daily_registry.sql"))
                yield World(server, client, directory, tenants)
        finally:
            server.stop()
