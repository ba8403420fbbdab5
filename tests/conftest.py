"""Real servers for the tests: one embedded ClickHouse and one embedded PostgreSQL a session, emptied between tests.

Anything here is about starting and emptying; what a shop looks like is in `factories.py`.
"""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.settings import Settings
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """By file name, so that tests that wait for clients run beside tests that build marts.

    The longest file is the first, and unit tests, which are short, are the last.
    """
    items.sort(key=lambda item: (item.path.parent.name == "unit", item.path.name != "test_whole_graph.py", item.path.name))


def pytest_collection_finish() -> None:
    """What was imported stays: loaders, which collect garbage themselves, need not look at all of it each time."""
    gc.freeze()


def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    server = EmbeddedClickHouse(tmp_path_factory.mktemp("clickhouse"), "test-password", free_port(), free_port())
    server.start()
    with connect(server.url, purpose="tests") as client:
        migrate(client, Settings())
    yield server
    server.stop()


def empty_backend(connection: psycopg.Connection) -> None:
    """Leave no row in the OLTP, whatever another test left, and count ids from 1."""
    tables = ", ".join(spec.source for spec in TABLES.values())
    connection.execute(f"truncate {tables} restart identity cascade")


@pytest.fixture(scope="session")
def oltp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("oltp") / "pg")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def clickhouse(clickhouse_server: EmbeddedClickHouse) -> Iterator[Client]:
    """An admin client over empty tables: what migrations made is truncated first where it has parts, dbt's tables are dropped."""
    with connect(clickhouse_server.url, purpose="tests") as client:
        tables = client.query(
            "select database, name from system.tables "
            "where database in ('raw', 'pii', 'governance', 'staging', 'marts', 'platform', 'features') "
            "and engine not like '%View' and name != 'schema_migrations' "
            "and (database not in ('raw', 'pii', 'governance') "
            "or (database, name) in (select database, table from system.parts where active))"
        ).result_rows
        for database, name in tables:
            verb = "truncate" if database in ("raw", "pii", "governance") else "drop"
            client.command(f"{verb} table {database}.{name} sync" if verb == "drop" else f"truncate table {database}.{name}")
        yield client


@pytest.fixture
def oltp(oltp_server: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """An autocommit connection to an empty OLTP."""
    with psycopg.connect(oltp_server.url, autocommit=True) as connection:
        empty_backend(connection)
        yield connection


@pytest.fixture
def settings(tmp_path: Path, clickhouse_server: EmbeddedClickHouse, oltp_server: EmbeddedPostgres) -> Settings:
    """Settings of a stack whose state is this test's own directory."""
    return Settings(data_dir=tmp_path / "gxy", clickhouse_url=clickhouse_server.url, oltp_url=oltp_server.url)
