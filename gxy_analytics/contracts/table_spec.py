"""How a table of the backend is described: its key, its change times, its columns, and what of it is personal.

The descriptions themselves are in `oltp`; reading a table by its description belongs to `gxy_analytics.extraction`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class ColumnType(Enum):
    """Type of a column in ClickHouse, before `Nullable`."""

    ID = "UInt64"
    INTEGER = "Int64"
    MONEY = "Decimal(18, 4)"
    TEXT = "String"
    CODE = "LowCardinality(String)"
    FLAG = "Bool"
    INSTANT = "DateTime64(6, 'UTC')"
    YEAR = "UInt16"


class Null(Enum):
    """What a null of the source becomes."""

    REJECT = "the row does not fit"
    DEFAULT = "0, false or the empty string"
    KEEP = "null"


class Pii(Enum):
    """What happens to a column before anything is written. Every tag but NONE and PSEUDONYM also seals the value in the vault."""

    NONE = "extracted as it is"
    PSEUDONYM = "a customer id: only its customer_pid is extracted"
    VAULT = "sealed in the vault and nowhere else"
    TRUNCATE_IP = "IPv4 to /24, IPv6 to /48"
    GENERALISE_YEAR = "a date to its year"


SEALED = (Pii.VAULT, Pii.TRUNCATE_IP, Pii.GENERALISE_YEAR)


class Check(Enum):
    """What a value must be beyond its type; one that is not is rejected with «is not …»."""

    NONE = ""
    CURRENCY = "an ISO 4217 code"
    TIMEZONE = "an IANA time zone"
    SLUG = "a slug (a DNS label)"
    ARRIVAL = "an instant from 1970-01-03 to 2105-12-31"


@dataclass(frozen=True)
class Column:
    """One column: `source` in the backend (of the joined table `join`, if named), `name` in ClickHouse (empty: vault only)."""

    name: str
    source: str
    type: ColumnType
    null: Null = Null.REJECT
    pii: Pii = Pii.NONE
    check: Check = Check.NONE
    join: str = ""

    @property
    def clickhouse_type(self) -> str:
        return f"Nullable({self.type.value})" if self.null is Null.KEEP else self.type.value


@dataclass(frozen=True)
class Join:
    """A table whose columns are read along, left joined on its `id`. `TableSpec.changed_at` names its change times too."""

    table: str
    on: str


@dataclass(frozen=True)
class VaultTable:
    """Where a table's personal values are sealed: `pii.<table>`, keyed by (tenant_id, `key`)."""

    table: str
    key: str
    has_customer: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One table. `key` is its integer primary key in the backend; tenant and `key_column` identify a row in ClickHouse.

    `id_column` holds the backend's id in ClickHouse, empty where only a pseudonym is kept. `overlap` is how far before the
    watermark each extraction reads again: longer than any transaction of the backend stays open.
    """

    source: str
    key_column: str
    id_column: str
    columns: tuple[Column, ...]
    key: str = "id"
    tenant: str = "tenant_id"
    changed_at: tuple[str, str] = ("updated_at", "created_at")
    overlap: timedelta = timedelta(hours=1)
    deleted_at: str = ""
    arrival_column: str = ""
    joins: tuple[Join, ...] = ()
    vault: VaultTable | None = None

    @property
    def target(self) -> str:
        """Table in database `raw`."""
        return f"oltp_{self.source}"

    @property
    def landed(self) -> tuple[Column, ...]:
        """Columns that exist in ClickHouse."""
        return tuple(column for column in self.columns if column.name)

    @property
    def sealed(self) -> tuple[Column, ...]:
        """Columns whose values go into the vault."""
        return tuple(column for column in self.columns if column.pii in SEALED)
