"""governance.watermarks: how far each table was extracted. What a watermark means for a query is in `queries`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.warehouse.client import read_sql

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Progress:
    """The last finished extraction: the highest change time it read, and when it ended. Both EPOCH before the first."""

    watermark: datetime
    finished_at: datetime


def read_progress(client: Client, spec: TableSpec) -> Progress:
    """How far the table was extracted, UTC."""
    rows = client.query(read_sql(__package__, "read_progress.sql"), parameters={"table": spec.source}).result_rows
    return Progress(*(moment.replace(tzinfo=UTC) for moment in rows[0])) if rows else Progress(EPOCH, EPOCH)


def write_watermark(client: Client, spec: TableSpec, watermark: datetime, rows_read: int, rows_changed: int) -> None:
    """Record a finished extraction."""
    client.command(
        read_sql(__package__, "write_watermark.sql"),
        parameters={"table": spec.source, "watermark": watermark, "rows_read": rows_read, "rows_changed": rows_changed},
    )


def server_now(client: Client) -> datetime:
    """ClickHouse's clock, UTC, in milliseconds."""
    moment: datetime = client.query("select now64(3, 'UTC')").result_rows[0][0]
    return moment.replace(tzinfo=UTC)
