"""Which tables hold a person, as `tables.toml` explains them and the database's catalogue has them now.

A table that names a customer or a browser and is not explained is in the report all the same, under `other`: nothing is left out
because somebody forgot a line. Reading rows belongs to `rows`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.subjects.subjects import BROWSERS, CUSTOMER
from gxy_analytics.warehouse.client import read_sql

DATABASES = ("pii", "raw", "staging", "marts", "features", "governance")
UNEXPLAINED = "Not described yet."
PASSING = ("__aside", "__dbt_")
"""Parts of names of the tables that a build writes into before it swaps them in: copies that live for minutes."""


class UnsearchableTableError(GxyError):
    """A table is said to hold people and has no column to find them by."""


@dataclass(frozen=True)
class Explained:
    """What a person is told about a table: one entry of `tables.toml`."""

    section: str
    title: str
    what: str
    source: str
    purposes: tuple[str, ...]
    kept: str
    erasure: str
    by: tuple[str, ...]
    order: str
    basis: str = ""
    kept_rule: str = ""
    omit: dict[str, str] = field(default_factory=dict)

    def kept_text(self, periods: Mapping[str, str]) -> str:
        """How long it is kept; `periods` by retention rule."""
        return self.kept.format(period=periods.get(self.kept_rule, ""))


@dataclass(frozen=True)
class Column:
    """A column as the catalogue describes it."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class HeldTable:
    """A table that is there, with what is said about it."""

    name: str
    engine: str
    columns: tuple[Column, ...]
    explained: Explained

    @property
    def quoted(self) -> str:
        """database.table for a query."""
        database, _, table = self.name.partition(".")
        return f"{quote_identifier(database)}.{quote_identifier(table)}"

    @property
    def shown(self) -> tuple[Column, ...]:
        """Columns that are in the report."""
        return tuple(column for column in self.columns if column.name not in self.explained.omit)

    def has(self, column: str) -> bool:
        return any(one.name == column for one in self.columns)


def explained_tables() -> dict[str, Explained]:
    """`tables.toml`, by table."""
    return {name: _explained(entry) for name, entry in _file("tables.toml")["tables"].items()}


def unsearched() -> dict[str, dict[str, str]]:
    """Where a person may be and is not looked up, by place: title, what, kept, kept_rule."""
    places: dict[str, dict[str, str]] = _file("tables.toml")["unsearched"]
    return places


def texts() -> dict[str, dict[str, str]]:
    """`texts.toml`: sections, sources, purposes, recipients, rights."""
    return _file("texts.toml")


def held_tables(client: Client) -> list[HeldTable]:
    """The tables with people in them that exist now, in the order of `tables.toml`, then what is not explained there."""
    known = explained_tables()
    found: dict[str, HeldTable] = {}
    rows = client.query(read_sql(__package__, "catalogue.sql"), parameters={"databases": list(DATABASES)}).result_rows
    for database, table, engine, names, types, comments in rows:
        name = f"{database}.{table}"
        explained = known.get(name) or _unexplained(name, names)
        if explained and "tenant_id" in names:
            columns = tuple(map(Column, names, types, comments))
            found[name] = HeldTable(name, engine, columns, explained)
    order = {name: position for position, name in enumerate(known)}
    return sorted(found.values(), key=lambda table: (order.get(table.name, len(order)), table.name))


def _unexplained(name: str, columns: list[str]) -> Explained | None:
    """A table that nobody explained, where it names people."""
    if any(mark in name for mark in PASSING):
        return None
    by = [way for way, names in (("customer", {CUSTOMER}), ("browser", set(BROWSERS))) if names & set(columns)]
    if not by:
        return None
    return Explained("other", name, "", "unknown", ("unknown",), UNEXPLAINED, UNEXPLAINED, tuple(by), "")


def _explained(entry: dict[str, Any]) -> Explained:
    lists = {key: tuple(entry[key]) for key in ("purposes", "by")}
    return Explained(**(entry | lists))


@cache
def _file(name: str) -> dict[str, Any]:
    return tomllib.loads(read_sql(__package__, name))
