"""What extraction asks of a source database, whichever it is.

What differs between databases is in `postgres` and `mysql`, opening one in `dialects`; which queries are asked is in `queries`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

import pyarrow as pa

Parameters = Mapping[str, datetime | int | list[int] | str]
# Rows handled at once. 32,768 orders with their personal values and pseudonyms stay under 100 MiB in Python.
BATCH_ROWS = 32_768
EXCLUDED = "excluded"


class Source(Protocol):
    """One connection to the backend's database, read only, its session in UTC. One query at a time.

    `excluded`: tenants.id of removed tenants, whose rows are read no more; parameter EXCLUDED of every query.
    """

    excluded: list[int]

    def columns(self, table: str) -> list[str]:
        """Names of the table's columns; empty when there is no such table."""

    def now(self) -> datetime:
        """The database's clock, aware, UTC."""

    def stream(self, sql: str, parameters: Parameters | None = None) -> Iterator[pa.RecordBatch]:
        """Run `sql` and yield batches of at most BATCH_ROWS rows, in bounded memory. Raises SourceUnreachableError."""

    def quote(self, identifier: str) -> str:
        """The identifier, quoted."""

    def as_text(self, expression: str) -> str:
        """The expression cast to text, so that types such as inet or enum arrive as strings."""

    def as_integer(self, expression: str) -> str:
        """The expression cast to a 64-bit integer."""

    def instant(self, name: str) -> str:
        """How the SQL refers to parameter `name`, a datetime."""

    def integer(self, name: str) -> str:
        """How the SQL refers to parameter `name`, a 64-bit integer."""

    def is_among(self, expression: str, name: str) -> str:
        """Condition: the expression is one of the integers in parameter `name`."""

    def close(self) -> None:
        """Close the connection."""

    def __enter__(self) -> Source: ...

    def __exit__(self, *_: object) -> None: ...
