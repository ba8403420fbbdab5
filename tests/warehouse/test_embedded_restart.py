"""What holds over the end of an embedded server with clients around: its exit code, its log of queries, the word for it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from clickhouse_driver import Client as NativeClient

from gxy_analytics.stack import processes
from gxy_analytics.stack.process import State
from gxy_analytics.stack.supervisor import Supervisor
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.conftest import free_port

LONG = "select count() from numbers(1000) where sleepEachRow(0.03) = 0 settings max_block_size = 10"
MARK = "select 'asked before the end'"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedClickHouse]:
    server = EmbeddedClickHouse(tmp_path, "secret", free_port(), free_port())
    yield server
    server.kill()


def over_native(server: EmbeddedClickHouse, sql: str) -> NativeClient:
    """A connection that asked once and stays open."""
    client = NativeClient("127.0.0.1", server.tcp_port, user="gxy", password="secret")
    client.execute(sql)
    return client


def over_http(server: EmbeddedClickHouse, sql: str) -> http.client.HTTPConnection:
    """The same over HTTP."""
    client = http.client.HTTPConnection("127.0.0.1", server.http_port)
    client.request("POST", "/", sql, {"X-ClickHouse-User": "gxy", "X-ClickHouse-Key": "secret"})
    client.getresponse().read()
    return client


def logged(server: EmbeddedClickHouse, sql: str) -> int:
    with connect(server.url, purpose="test") as client:
        client.command("system flush logs query_log")
        count = "select count() from system.query_log where query = {sql:String} and type = 'QueryFinish'"
        return int(client.query(count, parameters={"sql": sql}).first_row[0])


def test_idle_connections_of_others_do_not_make_an_orderly_end_a_forced_one(server: EmbeddedClickHouse) -> None:
    server.start()
    with closing(over_http(server, "select 1")):
        native = over_native(server, "select 1")
        process = server.process
        server.stop()
        native.disconnect()
    assert process is not None
    assert process.returncode == 0


def test_what_was_asked_stays_in_the_log_after_an_orderly_end_and_after_kill_9(server: EmbeddedClickHouse) -> None:
    """The audit harvests the log once a night; a server may start again many times a day."""
    for end, times in ((server.stop, 1), (server.kill, 2)):
        server.start()
        over_http(server, MARK).close()
        assert logged(server, MARK) == times
        end()
    before = server.directory / "data" / "data" / "system" / "query_log_of_old" / "202601_1_1_0"
    before.mkdir(parents=True)
    server.start()
    assert logged(server, MARK) == 2
    assert not before.exists()


def test_the_last_questions_before_an_orderly_end_are_in_the_log(server: EmbeddedClickHouse) -> None:
    server.start()
    over_http(server, MARK).close()
    server.stop()
    server.start()
    assert logged(server, MARK) == 1


def test_an_end_that_was_asked_for_is_no_death_though_queries_run_and_a_crash_is_one(
    server: EmbeddedClickHouse, tmp_path: Path
) -> None:
    told: list[str] = []
    spec = processes.clickhouse(server, {}, server.prepare, lambda: True)
    supervisor = Supervisor([spec], tmp_path / "logs", lambda _name, what: told.append(what))
    supervisor.start()
    process = supervisor.processes["clickhouse"]
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(over, server, LONG) for over in (over_native, over_http)]
        step_until(supervisor, lambda: running_queries(server) == 2)
        server.end_serving()
        step_until(supervisor, lambda: process.state is not State.READY)
        step_until(supervisor, lambda: process.state is State.READY)
        assert all(query.exception() is not None for query in running)
    assert supervisor.deaths == {}
    assert any("as it was asked to" in what for what in told)
    assert process.popen is not None
    process.popen.kill()
    step_until(supervisor, lambda: "clickhouse" in supervisor.deaths)
    supervisor.kill()


def test_an_engine_that_ends_with_code_1_by_itself_was_not_asked(server: EmbeddedClickHouse) -> None:
    server.end_serving()
    assert server.ended_as_asked(1)
    assert not server.ended_as_asked(-9)
    server.prepare()
    assert not server.ended_as_asked(1)


def running_queries(server: EmbeddedClickHouse) -> int:
    with connect(server.url, purpose="test") as client:
        return int(
            client.query("select count() from system.processes where query like 'select count() from numbers%'").first_row[0]
        )


def step_until(supervisor: Supervisor, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        supervisor.step()
        time.sleep(0.05)
