"""What each role tries on each table, as data: a verb, its statement, and the privileges of the specification that allow it.

What may not be done is tried; what may be done is tried too where that changes nothing, and else asked for (CHECK GRANT).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gxy_analytics.governance.access.specification import Role

NOT_TABLES = ("View", "MaterializedView")


@dataclass(frozen=True)
class Place:
    """A table or view: `key` is its first column, `value` one that an UPDATE may set, or empty where there is none."""

    table: str
    engine: str
    key: str
    value: str

    @property
    def is_table(self) -> bool:
        return self.engine not in NOT_TABLES


@dataclass(frozen=True)
class Verb:
    """`sql` over {table}, {key}, {value}. `allowed_by`: any of these privileges on the whole table allows it."""

    name: str
    sql: str
    allowed_by: frozenset[str]
    asked: str = ""
    """What CHECK GRANT is asked instead of doing it, where it is allowed and would change something."""

    def is_allowed(self, role: Role, table: str) -> bool:
        """Whether the specification lets the role do it to the whole table."""
        names = {table, f"{table.split('.')[0]}.*"}
        return any(
            self.allowed_by & set(grant.privileges) and names & set(grant.on) and not grant.columns for grant in role.all_grants
        )


VERBS = (
    Verb("select", "select * from {table} limit 0", frozenset({"SELECT"})),
    Verb("insert", "insert into {table} ({key}) values", frozenset({"INSERT"})),
    Verb("alter", "alter table {table} add column if not exists `{key}` String", frozenset({"ALTER TABLE"})),
    Verb("delete", "alter table {table} delete where 0", frozenset({"ALTER TABLE", "ALTER DELETE"})),
    Verb("lightweight delete", "delete from {table} where 0", frozenset({"ALTER TABLE", "ALTER DELETE"})),
    Verb("update", "alter table {table} update `{value}` = `{value}` where 0", frozenset({"ALTER TABLE", "ALTER UPDATE"})),
    Verb("optimize", "optimize table {table}", frozenset({"OPTIMIZE"})),
    Verb("truncate", "truncate table {table}", frozenset({"TRUNCATE"}), "TRUNCATE"),
    Verb("drop", "drop table {table}", frozenset({"DROP TABLE"}), "DROP TABLE"),
)
READ = VERBS[0]
DROP_VIEW = Verb("drop view", "drop view {table}", frozenset({"DROP VIEW", "DROP TABLE"}), "DROP VIEW")


def attempts(role: Role, place: Place) -> Iterator[tuple[Verb, str, bool]]:
    """What the role tries there: the verb, the statement, and whether it is to succeed."""
    for verb in VERBS if place.is_table else (READ, DROP_VIEW):
        is_allowed = verb.is_allowed(role, place.table)
        if is_allowed and verb.asked:
            yield verb, f"check grant {verb.asked} on {place.table}", True
        elif not is_allowed or place.value or "{value}" not in verb.sql:
            yield verb, verb.sql.format(table=place.table, key=place.key, value=place.value or place.key), is_allowed
