"""The report: what went because its period was over, by run, table and tenant. What will go belongs to `plan`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql


@dataclass(frozen=True)
class Gone:
    """What one run deleted (or emptied) of a tenant under one rule. Not `is_finished`: it was killed, and none came after it."""

    run_id: UUID
    began_at: datetime
    rule_name: str
    tenant_id: str
    partitions: int
    rows: int
    held: int
    bytes: int
    first_at: datetime
    last_at: datetime
    is_finished: bool


def report(client: Client, *, tenant_id: str = "", since: datetime | None = None) -> list[Gone]:
    """What went since then, the newest run first; of every tenant, unless one is named."""
    bounds = {"tenant_id": tenant_id, "since": f"{(since or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC):%Y-%m-%d %H:%M:%S}"}
    rows = client.query(read_sql(__package__, "report.sql"), parameters=bounds).named_results()
    return [Gone(**{name: _utc(value) for name, value in row.items()}) for row in rows]


def _utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
