"""A user who calls a query a part of somebody else's, over the native protocol: it stays the user's who logged in.

A tenant that names its neighbour, or the administrator, as who began the query sees, counts and reads nothing more.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from attempts import Attempt, closed, errors, infers, reads, refused
from claims import claiming
from odd_attempts import reads_oddly
from server_attempts import files, outside, statements, system_tables
from target import DATABASES, Target

from gxy_analytics.governance import audit
from gxy_analytics.governance.audit.harvest import ROUTINES, SERVICE_USERS, STAFF_USERS
from gxy_analytics.warehouse.client import read_sql

ADMINISTRATOR = "gxy"


def on_a_mart(target: Target, table: str) -> Iterator[Attempt]:
    """What the neighbours of this file try on one mart, without what sets something: a part of a query may not."""
    rows = target.count(table, target.own)
    tried = itertools.chain(
        reads(table, rows, target.own, target.victim),
        reads_oddly(table, rows, target.own, target.victim),
        infers(table, target.own, target.victim),
        errors(table, target.victim),
    )
    return (attempt for attempt in tried if not attempt.settings)


def gained(target: Target, claimed: str, attempts: Iterable[Attempt]) -> list[str]:
    """Attempts of the tenant that gained something."""
    run, user = claiming(target, claimed), f"tenant_{target.own}"
    answers = ((attempt, run(user, attempt.sql)) for attempt in attempts)
    return [
        f"as {claimed}: {attempt.sql} -> {answer.code} {answer.text[:200]!r}"
        for attempt, answer in answers
        if not attempt.failed(answer)
    ]


def test_the_server_believes_who_began_a_query_so_that_this_file_proves_something(target: Target) -> None:
    neighbour, user = f"tenant_{target.victim}", f"tenant_{target.own}"
    answer = claiming(target, neighbour)(user, "select currentUser(), authenticatedUser()")
    assert answer.value.split() == [neighbour, user]


def test_naming_the_neighbour_shows_counts_and_infers_nothing_of_it(target: Target) -> None:
    for table in target.specification.policed:
        attempts = list(on_a_mart(target, table))
        assert len(attempts) >= 90
        found = gained(target, f"tenant_{target.victim}", attempts)
        assert not found, "\n".join(found)


@pytest.mark.parametrize("whom", ["the neighbour", "the administrator"])
def test_naming_somebody_else_opens_no_system_table_file_or_server(target: Target, whom: str) -> None:
    """System tables tell of the victim's query, and who reads them names the victim, so that only hidden rows count."""
    claimed = ADMINISTRATOR if whom == "the administrator" else f"tenant_{target.victim}"
    target.http(f"tenant_{target.victim}", f"select '{target.victim}', * from marts.sales_daily limit 10")
    target.admin.command("system flush logs")
    names = [name for (name,) in target.rows("select name from system.tables where database = 'system' order by 1")]
    endless = ("numbers", "zeros", "primes")
    tried = [
        *system_tables([name for name in names if not name.startswith(endless)], target.victim),
        *outside(target.http_port, target.native_port),
        *files("/etc/passwd"),
        *(one for one in statements(f"tenant_{target.own}", target.victim) if one.failed is not refused),
    ]
    found = gained(target, claimed, tried)
    assert not found, "\n".join(found)


def test_naming_the_administrator_opens_no_closed_table(target: Target) -> None:
    policed = set(target.specification.policed)
    tables = target.rows(f"select concat(database, '.', name) from system.tables where database in {DATABASES} order by 1")
    for (table,) in tables:
        if table not in policed:
            found = gained(target, ADMINISTRATOR, closed(table))
            assert not found, "\n".join(found)


def test_a_part_of_a_query_is_held_to_the_constants_of_the_profile(target: Target) -> None:
    """What is sent with it and may not be set is left out without a word, instead of refused."""
    user, run = f"tenant_{target.own}", claiming(target, f"tenant_{target.victim}")
    others = {
        name: ("0" if value else "1")
        for name, value in target.specification.constants_of("tenant").items()
        if not isinstance(value, str)
    }
    shown = "select name, value from system.settings where name in ({}) order by 1".format(", ".join(f"'{n}'" for n in others))
    as_it_is = target.native(user, shown).text
    assert len(as_it_is.splitlines()) > 15
    for name, value in others.items():
        assert run(user, shown, {name: value}).text == as_it_is, name


@pytest.mark.skipif("GXY_SECURITY_URL" in os.environ, reason="it leaves an act in the audit")
def test_an_act_in_the_audit_is_signed_by_who_logged_in(target: Target) -> None:
    insert = "insert into governance.audit_entries (entry_id, action) select generateUUIDv4(), 'claimed.by' from system.one"
    assert claiming(target, "gxy_auditor")("gxy_pipeline", insert).code == 0
    assert target.rows("select distinct db_user from governance.audit_entries where action = 'claimed.by'") == [("gxy_pipeline",)]


@pytest.mark.skipif("GXY_SECURITY_URL" in os.environ, reason="it harvests an hour that is not over")
def test_a_read_of_the_vault_is_told_whoever_is_said_to_have_begun_it(target: Target) -> None:
    """Of the log only the seconds of this test: the rest of the suite has filled it."""
    began = datetime.now(UTC).replace(microsecond=0)
    read = "select ciphertext from pii.customers limit 1"
    assert claiming(target, "gxy_exporter")("gxy_scanner", read).code == 0
    target.admin.command("system flush logs query_log")
    span = {"from": began, "until": began + timedelta(minutes=1), "service_users": SERVICE_USERS, "staff_users": STAFF_USERS}
    target.admin.command(read_sql(audit.__name__, "harvest.sql"), parameters={**span, "routines": ROUTINES})
    told = target.rows("select distinct actor from governance.audit_entries where action = 'vault.query'")
    assert ("gxy_scanner",) in told
