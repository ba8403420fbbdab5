"""A role that changes tables and reads only some columns of the vault: no mutation, view or constraint of its own reads the rest.

The engine runs a mutation later and with nobody's rights, so that what a subquery in it may read must be settled before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from attempts import refused
from target import Target

ROLE = "gxy_pipeline"
SUBQUERIES = (
    "(select any(ciphertext) from merge('pii', 'customers'))",
    "(select arrayElement(groupArray(ciphertext), 1) from merge('pii', 'customers'))",
    "toString(c in (select ciphertext from merge('pii', 'customers')))",
    "toString((select count() from merge('pii', 'customers') where ciphertext > c))",
    "toString(exists(select 1 from merge('pii', 'customers') where ciphertext != ''))",
    "arrayStringConcat(arrayMap(y -> (select any(ciphertext) from merge('pii', 'customers')), [1]))",
    "(select any(ciphertext) from marts.copied_view)",
    "(select any(ciphertext) from pii.customers)",
    "(select any(key_hash) from merge('governance', 'write_keys'))",
)
STATEMENTS = (
    "alter table marts.copied update c = {subquery} where 1 settings mutations_sync = 1",
    "alter table marts.copied delete where c != {subquery} settings mutations_sync = 1",
    "delete from marts.copied where c != {subquery}",
    "insert into marts.copied select 2, {subquery}",
    "alter table marts.copied add column d String default {subquery}",
)
SETTINGS = ("", "mutations_execute_subqueries_on_initiator = 0", "validate_mutation_query = 0")


@pytest.fixture
def copied(target: Target) -> Iterator[Target]:
    """A table and a view of the role's own."""
    target.native(ROLE, "create table marts.copied (k UInt8, c String) engine = MergeTree order by k")
    target.native(ROLE, "insert into marts.copied select 1, 'x'")
    target.native(ROLE, "create view marts.copied_view as select ciphertext from merge('pii', 'customers')")
    yield target
    for table in ("copied", "copied_view"):
        target.admin.command(f"drop table if exists marts.{table} sync")


def tried() -> Iterator[str]:
    for statement, subquery, setting in itertools.product(STATEMENTS, SUBQUERIES, SETTINGS):
        sql = statement.format(subquery=subquery)
        joint = ", " if " settings " in sql else " settings "
        yield f"{sql}{joint}{setting}" if setting else sql


def test_no_mutation_and_no_view_reads_what_its_role_may_not(copied: Target) -> None:
    statements = list(tried())
    assert len(statements) > 100
    done = [(sql, answer) for sql in statements if (answer := copied.native(ROLE, sql)).code == 0]
    assert not done, "\n".join(f"{sql} -> {answer.text[:100]}" for sql, answer in done)
    assert copied.rows("select k, c from marts.copied") == [("1", "x")]


def test_a_constraint_of_its_own_tells_a_role_nothing_of_a_row(copied: Target) -> None:
    """One that asks the vault is taken, and then nothing may be inserted: what the vault has and what it has not alike."""
    asking = "alter table marts.copied add constraint x check c not in (select ciphertext from merge('pii', 'customers'))"
    assert copied.native(ROLE, asking).code == 0
    held = copied.rows("select any(ciphertext) from pii.customers")[0][0]
    for value in (held, "what nobody has"):
        assert refused(copied.native(ROLE, f"insert into marts.copied select 3, '{value}'")), value


def test_a_mutation_with_a_subquery_that_the_role_may_read_is_done(copied: Target) -> None:
    sql = "alter table marts.copied update c = (select concat(max(c), '!') from marts.copied) where 1 settings mutations_sync = 1"
    assert copied.native(ROLE, sql).code == 0
    assert copied.rows("select c from marts.copied") == [("x!",)]
