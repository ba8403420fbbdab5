"""Access statements in one spelling, so that what a server shows can be compared with what it was told.

SHOW ACCESS prints its own dialect: sorted and merged grants, `true` for 1, hours for seconds. Comparing belongs to `server`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
NAMED = re.compile(r"CREATE (SETTINGS PROFILE|ROLE|QUOTA|USER|ROW POLICY) (?:OR REPLACE )?([\w.@-]+)(?: ON ([\w.*]+))?")
KINDS = {"SETTINGS PROFILE": "profile", "ROLE": "role", "QUOTA": "quota", "USER": "user", "ROW POLICY": "policy"}
GRANT = re.compile(r"(GRANT|REVOKE) (.+?)(?: ON (\S+))? (?:TO|FROM) (\S+?)( WITH GRANT OPTION)?")
PRIVILEGE = re.compile(r"([A-Z][A-Z ]*[A-Z]|\w+)(?:\(([^)]*)\))?")


def objects_of(statements: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return what the statements make, by object (`role gxy_tenant`): each a set of facts in one spelling.

    A grant is a fact of the role or user that it is given to: one for each privilege and table.
    """
    objects: dict[str, set[str]] = {}
    grants = []
    for statement in map(unquoted, statements):
        made = NAMED.match(statement)
        if made:
            name = f"{KINDS[made[1]]} {made[2]}" + (f" on {made[3]}" if made[3] else "")
            objects.setdefault(name, set()).add(_spelled(statement))
        else:
            grants.append(statement)
    for statement in grants:
        for receiver, fact in _granted(statement):
            name = f"role {receiver}" if f"role {receiver}" in objects else f"user {receiver}"
            objects.setdefault(name, set()).add(fact)
    return {name: frozenset(facts) for name, facts in objects.items()}


def unquoted(statement: str) -> str:
    """The statement on one line, without the quotes around names and words."""
    return re.sub(r"[`'\"]([\w.@-]+)[`'\"]", r"\1", " ".join(statement.split()))


def _spelled(statement: str) -> str:
    text = re.sub(r" OR REPLACE| AS PERMISSIVE| HOST ANY| IDENTIFIED WITH \w+( BY \w+)?| DEFAULT ROLE \S+", "", statement)
    text = re.sub(r"= true\b", "= 1", re.sub(r"= false\b", "= 0", text))
    text = re.sub(r"(=|MIN|MAX) (\d+)\.(?=\D|$)", r"\1 \2", text)
    text = re.sub(r"INTERVAL (\d+) (\w+)", lambda m: f"INTERVAL {int(m[1]) * UNIT_SECONDS[m[2]]} second", text)
    parts = re.split(r" (SETTINGS|MAX(?= \w+ =)|TO) ", text.replace("SETTINGS PROFILE ", "PROFILE "))
    return " ".join(_sorted(part) if index and index % 2 == 0 else part for index, part in enumerate(parts))


def _granted(statement: str) -> Iterator[tuple[str, str]]:
    matched = GRANT.fullmatch(statement)
    if not matched:
        return
    verb, what, table, receiver, option = matched.groups()
    for privilege, columns in PRIVILEGE.findall(what):
        listed = f"({_sorted(columns)})" if columns else ""
        yield receiver, f"{verb} {privilege}{listed}{f' ON {table}' if table else ''}{option or ''}"


def _sorted(listed: str) -> str:
    return ", ".join(sorted(re.split(r",\s*", listed)))
