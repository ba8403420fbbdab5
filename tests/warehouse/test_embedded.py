"""The embedded ClickHouse as a process: it stops in order, also with clients around, and strangers cannot use it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse, EmbeddedServerError
from tests.conftest import free_port


def test_it_stops_in_order_though_this_process_has_connections_open(tmp_path: Path) -> None:
    server = EmbeddedClickHouse(tmp_path / "a & b", "secret", free_port(), free_port())
    server.start()
    client = connect(server.url, purpose="test")
    assert client.query("select currentUser()").first_row[0] == "gxy"
    process = server.process
    server.stop()
    assert process is not None
    assert process.returncode == 0


def test_without_the_password_nothing_can_be_read_or_written(clickhouse_server: EmbeddedClickHouse) -> None:
    url = f"http://127.0.0.1:{clickhouse_server.http_port}/"
    for sql in ("select count() from raw.events", "select * from system.query_log", "create database x", "kill query where 1"):
        assert httpx.post(url, content=sql).status_code >= 400, sql
    assert httpx.post(url, content="select 1", headers={"X-ClickHouse-User": "gxy"}).status_code >= 400


def test_a_second_server_on_one_directory_says_where_to_read_why(tmp_path: Path) -> None:
    first = EmbeddedClickHouse(tmp_path, "secret", free_port(), free_port())
    first.start()
    second = EmbeddedClickHouse(tmp_path, "secret", free_port(), free_port())
    with pytest.raises(EmbeddedServerError, match=r"clickhouse\.log"):
        second.start(5)
    second.kill()
    first.stop()
