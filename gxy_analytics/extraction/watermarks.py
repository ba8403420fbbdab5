"""governance.watermarks: how far each table was extracted. What a watermark means for a query is in `queries`."""

from __future__ import annotations

from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.warehouse.client import read_sql

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_watermark(client: Client, spec: TableSpec) -> datetime:
    """The highest change time that was extracted whole, UTC; EPOCH before the first extraction."""
    rows = client.query(read_sql(__package__, "read_watermark.sql"), parameters={"table": spec.source}).result_rows
    return rows[0][0].replace(tzinfo=UTC) if rows else EPOCH


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
