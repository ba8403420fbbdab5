"""What the server reads, and expects to read, for a question about a value: the same whether others have it or nobody has.

A part of a mart holds all tenants' rows, and its statistics are of all of them: what they leave out tells others' values.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import islice

import pytest
from target import SECRET, Target

pytestmark = pytest.mark.skipif("GXY_SECURITY_URL" in os.environ, reason="what others have there is not known here")

NO_KEYS = "not is_in_partition_key and not is_in_sorting_key"
"""Days are told by the names of parts, and the keys of one's own rows are one's own."""
STAFF = "gxy_center_control"
ESTIMATE = re.compile(r"estimated|ResultRows|rows: \d|\[\S*~?\d+\]")


def asked(kind: str) -> tuple[str, ...]:
    """Two values that rows of the fixture have, the first the victim's alone where there is one, and one beyond all of them."""
    if re.search(r"Int|Decimal\(18|Float", kind):
        return "7", "77", "77777"
    if "Date" in kind:
        return "'2026-03-10'", "'2026-03-10'", "'2030-01-01'"
    return (f"'{SECRET}-7'", "'ours-7'", "'zzzz'") if "String" in kind else ()


def conditions(target: Target) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Of each column of each mart: the same question about each value."""
    for table in target.specification.policed:
        sql = f"select name, type from system.columns where concat(database, '.', table) = '{table}' and {NO_KEYS}"
        for column, kind in target.rows(sql):
            values = asked(kind)
            for operator in ("=", ">=") if values else ():
                yield table, tuple(f"{column} {operator} {value}" for value in values)


class Reader:
    """One user's connection: how many rows were read for a condition."""

    def __init__(self, target: Target, user: str, connection: HTTPConnection) -> None:
        self._headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": target.accounts[user].password}
        self._connection = connection

    def answer(self, sql: str) -> tuple[str, dict[str, str]]:
        self._connection.request("POST", "/", sql.encode(), self._headers)
        response = self._connection.getresponse()
        return response.read().decode(), json.loads(response.headers.get("X-ClickHouse-Summary") or "{}")

    def rows_read(self, table: str, condition: str) -> str:
        return self.answer(f"select count() from {table} where {condition}")[1]["read_rows"]


def told(target: Target, user: str) -> Iterator[str]:
    """Conditions by which parts are left out: what was read differs with the value."""
    with closing(HTTPConnection(target.host, target.http_port, timeout=60)) as connection:
        reader = Reader(target, user, connection)
        for table, same in conditions(target):
            if len({reader.rows_read(table, condition) for condition in same}) > 1:
                yield f"{table}: {same}"


def test_no_column_tells_by_what_is_read_which_values_others_have(merged: Target) -> None:
    assert sum(1 for _ in conditions(merged)) > 150
    found = list(told(merged, f"tenant_{merged.own}"))
    assert not found, "\n".join(found)


def test_statistics_would_tell_so_that_this_file_proves_something(merged: Target) -> None:
    """Staff may read every row, and asks with them."""
    assert len(list(islice(told(merged, STAFF), 20))) == 20


def test_no_plan_estimates_by_the_values_of_others(merged: Target) -> None:
    """A join is planned with numbers of rows: the same for every condition, so that they are no counts of others' rows."""
    joined = "marts.sales_daily as a inner join marts.fct_orders as b using (tenant_id)"
    with closing(HTTPConnection(merged.host, merged.http_port, timeout=60)) as connection:
        reader = Reader(merged, f"tenant_{merged.own}", connection)
        for kind in ("", "actions = 1", "keep_logical_steps = 1", "json = 1"):
            plans = [
                reader.answer(f"explain {kind} select * from {joined} where a.orders {test}")[0]
                for test in ("> 7", "> 98", "= 5")
            ]
            estimates = [[line.strip() for line in plan.splitlines() if ESTIMATE.search(line)] for plan in plans]
            assert estimates[0] == estimates[1] == estimates[2], estimates
