"""Which days a check looks at when nobody names any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window, last_closed_day


def newest_built(client: Client, days: int) -> Window:
    """The last `days` days up to the newest one that was built; up to the last closed day when none was."""
    newest = client.query(read_sql("gxy_analytics.quality", "newest_built.sql")).first_row[0]
    last = newest or last_closed_day(datetime.now(UTC))
    return Window(last - timedelta(days=days - 1), last)
