"""What a scan says: where something personal lies and of which kind, never what it is."""

from __future__ import annotations

from dataclasses import dataclass, field

NAMED = "named as personal data"
"""The kind of a column whose own name says it."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A column of a table."""

    database: str
    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.database}.{self.table}.{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`rows` of the sample hold something of this kind; `position` is one of them, `part:row`, empty for the column itself."""

    place: Place
    kind: str
    rows: int
    position: str

    def __str__(self) -> str:
        if not self.position:
            return f"{self.place}: {self.kind}"
        return f"{self.place}: {self.kind} in {self.rows} rows of the sample, one at {self.position}"


@dataclass(slots=True)
class Scan:
    """Everything one scan saw: its findings, what was allowed, the columns it looked at, and how many people it compared with."""

    findings: list[Finding] = field(default_factory=list)
    allowed: list[Finding] = field(default_factory=list)
    columns: list[Place] = field(default_factory=list)
    people: int = 0

    @property
    def databases(self) -> set[str]:
        """Those that have a text column."""
        return {place.database for place in self.columns}
