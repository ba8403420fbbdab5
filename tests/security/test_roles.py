"""Every role against every table, over HTTP and the native port: each may do what its lines say, and nothing else.

What a tenant's user tries beyond that is in `test_adversary`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attempts import Attempt, refused
from role_attempts import VERBS, Place, attempts
from server_attempts import HARMLESS, STATEMENTS, files, outside, settings, statements
from target import DATABASES, SECRET, Answer, Target

ROLES = ("tenant", "center_control", "pipeline", "ingest", "insights", "exporter", "eraser", "auditor", "scanner")
WAYS: dict[str, Callable[[Target], Callable[..., Answer]]] = {
    "http": lambda target: target.http,
    "native": lambda target: target.native,
}


def user_of(target: Target, role: str) -> str:
    return f"tenant_{target.own}" if role == "tenant" else f"gxy_{role}"


@pytest.fixture(scope="session")
def places(target: Target) -> list[Place]:
    """Every table and view of ours, with a column that is in no key and is no version."""
    sql = f"""
        select concat(t.database, '.', t.name), t.engine, argMin(c.name, c.position),
            argMinIf(c.name, c.position, not c.is_in_sorting_key and not c.is_in_partition_key and c.default_kind = ''
                and position(t.engine_full, c.name) = 0 and c.name not like '%.%')
        from system.tables as t inner join system.columns as c on c.database = t.database and c.table = t.name
        where t.database in {DATABASES} group by 1, 2 order by 1
    """
    return [Place(*row) for row in target.rows(sql)]


def test_the_roles_are_those_of_the_specification(target: Target, places: list[Place]) -> None:
    assert set(ROLES) == set(target.specification.roles)
    assert len(places) > 70
    assert {place.table for place in places if not place.is_table}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_to_every_table_what_is_specified_and_nothing_else(
    target: Target, places: list[Place], role: str, way: str
) -> None:
    run, user, wrong, allowed = WAYS[way](target), user_of(target, role), [], 0
    for place in places:
        for verb, sql, is_allowed in attempts(target.specification.roles[role], place):
            answer = run(user, sql)
            is_done = answer.code == 0 and (not sql.startswith("check grant") or answer.value == "1")
            allowed += is_allowed
            if is_done if not is_allowed else not is_done or refused(answer):
                wrong.append(f"{verb.name} {place.table}, allowed: {is_allowed}: {sql} -> {answer.code} {answer.text[:200]!r}")
            if not is_allowed and not refused(answer):
                wrong.append(f"{verb.name} {place.table} is not refused but fails: {answer.code} {answer.text[:200]!r}")
    assert not wrong, "\n".join(wrong)
    assert allowed >= 5


def test_specified_columns_are_read_and_their_neighbours_are_not(target: Target) -> None:
    target.admin.command("system flush logs")  # the log of queries is a table from then on
    for role, specified in target.specification.roles.items():
        user = user_of(target, role)
        for grant in specified.all_grants:
            for table in grant.on if grant.columns else ():
                assert target.http(user, f"select {', '.join(grant.columns)} from {table} limit 1").code == 0, (role, table)
                found = target.rows(f"select name from system.columns where concat(database, '.', table) = '{table}'")
                hidden = {name for (name,) in found} - set(grant.columns)
                assert hidden, table
                for column in hidden:
                    assert refused(target.http(user, f"select {column} from {table} limit 1")), (role, table, column)
                    assert refused(target.http(user, f"select count() from {table} where toString({column}) like 'a%'")), (
                        role,
                        table,
                    )
                    guess = f"select 1 from {table} order by {column} limit 1"
                    assert refused(target.http(user, guess)), (role, table, column)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reads_files_addresses_or_other_servers(target: Target, role: str) -> None:
    user = user_of(target, role)
    tried = [*outside(target.http_port, target.native_port), *files("/etc/passwd")]
    gained = [f"{attempt.sql} -> {answer.text[:200]}" for attempt, answer in both(target, user, tried) if answer.code == 0]
    assert not gained, "\n".join(gained)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_changes_a_constant_of_its_profile(target: Target, role: str) -> None:
    tried = list(settings(target.specification, target.specification.roles[role].profile))
    assert len(tried) >= 20
    gained = [attempt.name for attempt, answer in both(target, user_of(target, role), tried) if not refused(answer)]
    assert not gained


@pytest.mark.parametrize("role", ROLES)
def test_no_role_administers_anything(target: Target, role: str) -> None:
    user = user_of(target, role)
    tried = [attempt for attempt in statements(user, target.victim) if not attempt.name.startswith(HARMLESS)]
    assert len(tried) > len(STATEMENTS) / 2
    mine = MAY.get(role, ()) + MAY.get(target.specification.roles[role].profile, ())
    gained = [
        f"{attempt.sql} -> {answer.text[:200]}"
        for attempt, answer in both(target, user, tried)
        if answer.code == 0 and not attempt.name.startswith(mine)
    ]
    assert not gained, "\n".join(gained)
    target.admin.command("drop table if exists marts.stolen")


MAY = {
    "service": ("set readonly = 0", "select * from eval"),
    "pipeline": ("create table marts.stolen (a UInt8) engine = Memory", "create temporary table", "kill mutation"),
    "eraser": ("kill mutation",),
    "auditor": ("kill mutation",),
}
"""Statements of the list that a role's lines allow, or those of its profile: setting what is set, making its own tables."""


def both(target: Target, user: str, tried: list[Attempt]) -> list[tuple[Attempt, Answer]]:
    """What was answered, over both protocols."""
    return [(attempt, run(target)(user, attempt.sql, attempt.settings)) for attempt in tried for run in WAYS.values()]


def test_what_users_ask_is_read_by_nobody_else(target: Target) -> None:
    """A query's text is somebody's: no role sees another's in any system table."""
    marker = f"marker-{SECRET}-{target.victim}"
    target.http(f"tenant_{target.victim}", f"select '{marker}'")
    target.admin.command("system flush logs")
    assert target.rows("select count() from system.query_log where query like {text:String}", text=f"%{marker}%") != [("0",)]
    names = [name for (name,) in target.rows("select name from system.tables where database = 'system'")]
    for role in ROLES:
        user = user_of(target, role)
        for name in names:
            if name.startswith(("query", "processes", "text_log", "trace_log", "user_query", "users", "part_log", "session_log")):
                assert marker not in target.http(user, f"select * from system.{name}").text, (role, name)


def test_there_are_verbs_enough() -> None:
    assert {"select", "insert", "alter", "drop"} <= {verb.name for verb in VERBS}
