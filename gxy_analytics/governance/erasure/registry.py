"""The registry of places that could hold a person, read from `registry.toml`. What is done in them belongs to `treatments`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import Any

from gxy_analytics.errors import GxyError
from gxy_analytics.warehouse.client import read_sql

TREATMENTS = frozenset({"delete", "sessions", "letters", "tombstone", "empty", "expire", "retain", "anonymous"})
CHANGES = frozenset({"delete", "sessions", "letters", "tombstone", "empty"})
"""Treatments that change rows, and whose survivors are counted."""
EXPLAINED = frozenset({"expire", "retain", "tombstone", "empty"})
"""Treatments that leave something behind, and so need a reason."""


class InvalidRegistryError(GxyError):
    """The registry contradicts itself; the message names the table."""


@dataclass(frozen=True)
class Table:
    """A table, and what erasure does in it (see the head of registry.toml)."""

    name: str
    treatment: str
    customer: tuple[str, ...] = ()
    anonymous: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    empties: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    by_orders: bool = False
    returning: bool = False
    counted_as: str = ""
    tenant: str = "delete"
    reason: str = ""

    @property
    def database(self) -> str:
        return self.name.partition(".")[0]

    @property
    def table(self) -> str:
        return self.name.partition(".")[2]

    @property
    def known_columns(self) -> frozenset[str]:
        """Columns of a person that the entry speaks of."""
        return frozenset(self.customer + self.anonymous + self.empties + self.others)


@dataclass(frozen=True)
class Place:
    """Something that is no table: files."""

    name: str
    where: str
    treatment: str
    reason: str


@dataclass(frozen=True)
class Leftovers:
    """Tables that only a killed process leaves: dropped."""

    database: str
    prefix: str


@dataclass(frozen=True)
class Guard:
    """How much of a table a run may match: this part of its rows, or `floor_rows` if that is more."""

    proportion: float
    floor_rows: int


@dataclass(frozen=True)
class Registry:
    """All of it, in the order of the file."""

    guard: Guard
    tables: tuple[Table, ...]
    files: tuple[Place, ...] = ()
    leftovers: tuple[Leftovers, ...] = field(default_factory=tuple)

    def changed(self) -> tuple[Table, ...]:
        """Tables in which erasure changes rows, in its order."""
        return tuple(table for table in self.tables if table.treatment in CHANGES)


def load_registry(text: str | None = None) -> Registry:
    """Read and check the registry. Raises InvalidRegistryError."""
    data = tomllib.loads(text if text is not None else read_sql(__package__, "registry.toml"))
    registry = Registry(
        guard=Guard(**data["guard"]),
        tables=tuple(_table(entry) for entry in data["tables"]),
        files=tuple(Place(**entry) for entry in data["files"]),
        leftovers=tuple(Leftovers(**entry) for entry in data["leftovers"]),
    )
    names = [table.name for table in registry.tables]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InvalidRegistryError(f"{', '.join(sorted(twice))} is in the registry of erasure twice: keep one entry.")
    for table in registry.tables:
        _check(table)
    return registry


def _table(entry: dict[str, Any]) -> Table:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return Table(**values)


def _check(table: Table) -> None:
    found = table.customer or table.anonymous or table.by_orders or table.treatment == "letters"
    wrong = {
        "has no such treatment": table.treatment not in TREATMENTS,
        "needs columns to find a person by": table.treatment in CHANGES and not found,
        "needs the reason why something stays": table.treatment in EXPLAINED and not table.reason,
        "needs exactly one customer column": (table.treatment == "tombstone" or table.returning) and len(table.customer) != 1,
        "needs columns to empty": table.treatment == "empty" and not table.empties,
    }
    for what, is_so in wrong.items():
        if is_so:
            raise InvalidRegistryError(f"{table.name} {what} ({table.treatment}): correct its entry in registry.toml.")
