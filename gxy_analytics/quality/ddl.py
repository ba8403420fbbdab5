"""The tables of the migrations as data, read from `ddl/*.sql`: the contract of every table that dbt does not own.

Comparing a table with its contract belongs to `columns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from gxy_analytics.warehouse.migrations import load_migrations

CREATE = re.compile(r"create table (?:if not exists )?(\w+)\.(\w+)\s*\(", re.IGNORECASE)
ALTER = re.compile(r"alter table (\w+)\.(\w+)\s+((?:add|drop) column .+)", re.IGNORECASE | re.DOTALL)
ADD_COLUMN = re.compile(r"add column (?:if not exists )?", re.IGNORECASE)
DROP_COLUMN = re.compile(r"drop column (?:if exists )?`?([\w.]+)`?", re.IGNORECASE)
AFTER_TYPE = re.compile(r"\s+(comment|codec|default|materialized|after)\b.*", re.IGNORECASE | re.DOTALL)
COMMENT = re.compile(r"\bcomment '((?:[^']|'')*)'", re.IGNORECASE)
NOT_A_COLUMN = ("index ", "constraint ", "projection ")


@dataclass(frozen=True)
class Column:
    """A column: its ClickHouse type, and what the schema says about it."""

    type: str
    comment: str = ""


@dataclass(frozen=True)
class Table:
    """A table: its columns by name, in order, and what the schema says about it."""

    columns: dict[str, Column]
    comment: str


def ddl_tables() -> dict[tuple[str, str], Table]:
    """Tables by (database, table), as all migrations together leave them."""
    tables: dict[tuple[str, str], Table] = {}
    for migration in load_migrations():
        for statement in migration.statements():
            created, altered = CREATE.match(statement), ALTER.match(statement)
            if created:
                body = _enclosed(statement[created.end() :])
                comment = _comment(statement[created.end() + len(body) :])
                tables[created[1], created[2]] = Table(dict(_columns(body)), comment)
            elif altered:
                _alter(tables[altered[1], altered[2]].columns, altered[3])
    return tables


def _alter(columns: dict[str, Column], actions: str) -> None:
    """Add and drop columns as an ALTER does."""
    for action in _split(actions):
        dropped = DROP_COLUMN.match(action)
        if dropped:
            del columns[dropped[1]]
        elif ADD_COLUMN.match(action):
            columns.update(_columns(ADD_COLUMN.sub("", action)))


def _columns(body: str) -> Iterator[tuple[str, Column]]:
    for item in _split(body):
        if item.lower().startswith(NOT_A_COLUMN):
            continue
        name, rest = item.replace("`", "").split(maxsplit=1)
        nested = re.match(r"Nested\s*\(", rest)
        if nested:
            for inner, column in _columns(_enclosed(rest[nested.end() :])):
                yield f"{name}.{inner}", Column(f"Array({column.type})", column.comment)
        else:
            yield name, Column(" ".join(AFTER_TYPE.sub("", rest).split()), _comment(rest))


def _comment(text: str) -> str:
    found = COMMENT.search(text)
    return found[1].replace("''", "'") if found else ""


def _enclosed(text: str) -> str:
    """The text up to the parenthesis that closes the one before it; quotes hide parentheses."""
    for position, depth in _depths(text):
        if depth < 0:
            return text[:position]
    return text


def _split(text: str) -> list[str]:
    """Items between the commas that no parenthesis and no quote encloses."""
    cuts = [-1] + [position for position, depth in _depths(text) if depth == 0 and text[position] == ","] + [len(text)]
    items = [text[start + 1 : end].strip() for start, end in pairwise(cuts)]
    return [item for item in items if item]


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Every position outside quotes, with the parentheses open after it."""
    depth, quoted = 0, False
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            yield position, depth
