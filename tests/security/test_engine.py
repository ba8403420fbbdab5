"""A tenant's user against everything the engine offers: what its own lists name is tried, and the server outlives it.

Both tenants' rows are in one part here, as they are where one build writes all tenants. What others tried is in `test_adversary`.
"""

from __future__ import annotations

import itertools
import os
import socket
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from attempts import Attempt
from engine_attempts import ABOUT_ROWS, COMPUTING, OTHER_ANSWER, WAITS, other_values, scalar_calls, table_functions
from odd_attempts import infers_by_value, reads_oddly
from target import SECRET, Answer, Target

CHECKED = "select count(), countIf(tenant_id = '{victim}'), max(tenant_id), uniqExact(tenant_id) from {table} format TSV"


class Connection:
    """One HTTP connection of a user, kept open: there are thousands of statements."""

    def __init__(self, target: Target, user: str) -> None:
        self._headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": target.accounts[user].password}
        self._connection = HTTPConnection(target.host, target.http_port, timeout=60)

    def run(self, sql: str, query: str = "") -> Answer:
        self._connection.request("POST", f"/?{query}", sql.encode(), self._headers)
        response = self._connection.getresponse()
        text = response.read().decode(errors="replace")
        return Answer(int(response.headers.get("X-ClickHouse-Exception-Code") or 0), text)


def names(target: Target, sql: str) -> list[str]:
    return [name for (name,) in target.rows(sql)]


def uptime(target: Target) -> int:
    return int(target.rows("select uptime()")[0][0])


def gained(target: Target, attempts: list[Attempt]) -> list[str]:
    """Attempts that gained something, over both protocols."""
    user = f"tenant_{target.own}"
    tried = itertools.product(attempts, (target.http, target.native))
    answers = ((attempt, way, way(user, attempt.sql, attempt.settings)) for attempt, way in tried)
    return [
        f"{way.__name__}: {attempt.name}: {attempt.sql} {attempt.settings} -> {answer.code} {answer.text[:200]!r}"
        for attempt, way, answer in answers
        if not attempt.failed(answer)
    ]


def test_uncommon_statements_show_count_and_infer_nothing(merged: Target) -> None:
    for table in merged.specification.policed:
        attempts = list(reads_oddly(table, merged.count(table, merged.own), merged.own, merged.victim))
        assert len(attempts) >= 50
        found = gained(merged, attempts)
        assert not found, "\n".join(found)


def test_the_values_of_others_in_a_parts_dictionary_make_no_statement_fail(merged: Target) -> None:
    """Every low-cardinality column of every mart, of which the victim has a value that the attacker has not."""
    connection, tried = Connection(merged, f"tenant_{merged.own}"), 0
    columns = merged.rows(
        "select concat(database, '.', table), name from system.columns "
        "where database = 'marts' and type = 'LowCardinality(String)' order by 1, 2"
    )
    for table, column in columns:
        theirs = f"select any({column}) from {table} where tenant_id = {{victim:String}} and {column} not in ("
        mine = f"select {column} from {table} where tenant_id = {{own:String}})"
        ((value,),) = merged.rows(theirs + mine, victim=merged.victim, own=merged.own)
        if table in merged.specification.policed and value:
            for attempt in infers_by_value(table, column, value):
                answer = connection.run(attempt.sql, urlencode(attempt.settings))
                assert attempt.failed(answer), (attempt, answer)
            tried += 1
    assert tried > 15


def test_no_table_function_of_the_engine_reads_outside_or_ends_the_server(target: Target) -> None:
    known = names(target, "select name from system.table_functions order by 1")
    assert len(known) > 50
    before, wrong = uptime(target), []
    attacker = Connection(target, f"tenant_{target.own}")
    for name, sql in table_functions(known, target.http_port, target.native_port):
        answer = attacker.run(sql)
        shows = SECRET in answer.text or target.victim in answer.text
        if shows or (answer.code == 0 and answer.value and name not in COMPUTING):
            wrong.append(f"{sql} -> {answer.code} {answer.text[:150]!r}")
    assert not wrong, "\n".join(wrong)
    assert uptime(target) >= before, "the server was ended, and came back"


@pytest.mark.slow
def test_no_scalar_function_of_the_engine_reads_a_file_or_ends_the_server(target: Target) -> None:
    known = names(target, "select name from system.functions where not is_aggregate and alias_to = '' order by 1")
    assert len(known) > 1_000
    before, wrong = uptime(target), []
    attacker = Connection(target, f"tenant_{target.victim}")
    for sql in scalar_calls(known):
        answer = attacker.run(sql)
        if "root:" in answer.text or target.own in answer.text.replace(f"tenant_{target.own}", ""):
            wrong.append(f"{sql} -> {answer.code} {answer.text[:150]!r}")
    assert not wrong, "\n".join(wrong)
    assert uptime(target) >= before


def test_no_setting_about_rows_shows_another_tenants(merged: Target) -> None:
    change_settings(merged, lambda name: ABOUT_ROWS.search(name) is not None)


@pytest.mark.slow
def test_no_setting_at_all_shows_another_tenants(merged: Target) -> None:
    change_settings(merged, lambda name: ABOUT_ROWS.search(name) is None)


def change_settings(target: Target, is_tried: object) -> None:
    """Every setting that is tried, with other values than it has: the answer is the attacker's own, or an error."""
    assert callable(is_tried)
    table = "marts.sales_daily"
    attacker, victim = target.victim, target.own
    sql = CHECKED.format(table=table, victim=victim)
    expected = f"{target.count(table, attacker)}\t0\t{attacker}\t1"
    connection, wrong, tried = Connection(target, f"tenant_{attacker}"), [], 0
    for name, kind, value in target.rows("select name, type, value from system.settings order by 1"):
        if WAITS.search(name) or name in OTHER_ANSWER or not is_tried(name):
            continue
        for other in other_values(name, kind, value):
            answer = connection.run(sql, f"{name}={other}".replace(" ", "+"))
            tried += 1
            if (answer.code == 0 and set(answer.value.split("\n")) - {"", expected}) or SECRET in answer.text.replace(
                attacker, ""
            ):
                wrong.append(f"{name} = {other}: {answer.code} {answer.text[:150]!r}")
    assert tried > 300
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif("GXY_SECURITY_URL" in os.environ, reason="a full server has no such user, or one with a password")
def test_nobody_logs_in_as_the_engines_own_user(target: Target) -> None:
    """It has no password; it could close the listeners."""
    for user in ("", "user=default&"):
        for sql in ("select 1", "system stop listen http", "select * from python('x')"):
            with closing(HTTPConnection(target.host, target.http_port, timeout=10)) as connection:
                connection.request("POST", f"/?{user}", sql.encode())
                assert connection.getresponse().status >= 400, sql
    assert target.rows("select 1") == [("1",)]


@pytest.mark.parametrize(
    "path", ["/replicas_status", "/prometheus", "/metrics", "/api/v1/query?query=up", "/js/../../../../etc/passwd"]
)
def test_no_page_of_the_http_port_tells_anything_without_a_login(target: Target, path: str) -> None:
    with closing(socket.create_connection((target.host, target.http_port), timeout=10)) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        text = b"".join(iter(lambda: connection.recv(65_536), b"")).decode(errors="replace")
    assert not any(told in text for told in ("root:", "marts", target.victim, target.own))


def test_the_servers_own_client_in_the_browser_is_closed(target: Target) -> None:
    """There a tenant could set what its profile does not let it set, `readonly` first."""
    opening = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="
    )
    origin = f"{target.host}:{target.http_port}"
    with closing(socket.create_connection((target.host, target.http_port), timeout=10)) as connection:
        request = f"GET /webterminal HTTP/1.1\r\nHost: {origin}\r\nOrigin: http://{origin}\r\n{opening}\r\n\r\n"
        connection.sendall(request.encode())
        status = connection.recv(65_536).split(b" ")[1]
    assert status in (b"403", b"404")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-ClickHouse-Quota", "another"),
        ("X-ClickHouse-Database", "pii"),
        ("X-ClickHouse-Role", "center_control"),
        ("X-ClickHouse-Initial-User", "gxy"),
        ("X-Forwarded-For", "127.0.0.1"),
    ],
)
def test_a_header_makes_nobody_somebody_else(target: Target, header: str, value: str) -> None:
    user = f"tenant_{target.own}"
    headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": target.accounts[user].password, header: value}
    with closing(HTTPConnection(target.host, target.http_port, timeout=10)) as connection:
        connection.request("POST", "/", b"select currentUser(), count() from marts.sales_daily", headers)
        answer = connection.getresponse().read().decode().split()
    assert answer == [user, str(target.count("marts.sales_daily", target.own))]


@pytest.mark.parametrize(
    "parameter", ["role=center_control", "user=gxy", "authenticated_user=gxy", "current_user=gxy", "quota_key=x"]
)
def test_a_parameter_of_the_url_makes_nobody_somebody_else(target: Target, parameter: str) -> None:
    user = f"tenant_{target.own}"
    answer = Connection(target, user).run("select currentUser(), uniqExact(tenant_id) from marts.sales_daily", parameter)
    assert answer.code != 0 or answer.value.split() == [user, "1"]
