"""Which days received rows since they were built: arrivals counted before each build, and compared with the arrivals now.

Taking the count before the build makes it safe against races: a row that arrives while its day is being built may be in the
build or not, but it is not in the count, so the day is built once more. Who asks for the build belongs to the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window

PACKAGE = "gxy_analytics.warehouse"


@dataclass(frozen=True)
class StaleDay:
    """A built day whose arrivals differ from those of its last build; counts are rows."""

    day: date
    built_with: int
    arrived: int


def arrived_by_day(client: Client, window: Window) -> dict[date, int]:
    """Rows that arrived in raw for every local day of `window`; days without any are there with 0."""
    rows = client.query(
        read_sql(PACKAGE, "arrived_by_day.sql"),
        parameters={
            "earliest": window.earliest_instant,
            "latest": window.latest_instant,
            "first": window.first,
            "last": window.last,
        },
    ).result_rows
    counted = {day: int(arrived) for day, arrived in rows}
    days = [date.fromordinal(n) for n in range(window.first.toordinal(), window.end.toordinal())]
    return {day: counted.get(day, 0) for day in days}


def record_builds(client: Client, arrived: dict[date, int], run_id: str) -> None:
    """Record that the days of `arrived` were built from at least these rows: after the build, with counts from before it."""
    now = datetime.now(UTC)
    client.insert(
        "day_builds",
        [[day, count, run_id, now] for day, count in sorted(arrived.items())],
        column_names=["local_date", "arrived", "run_id", "built_at"],
        database="governance",
    )


def stale_days(client: Client, last: date) -> list[StaleDay]:
    """The days up to `last` that were built and whose arrivals are others now, in order. Days never built are not among them."""
    built = {
        row[0]: int(row[1]) for row in client.query(read_sql(PACKAGE, "built_days.sql"), parameters={"last": last}).result_rows
    }
    if not built:
        return []
    arrived = arrived_by_day(client, Window(min(built), max(built)))
    return [StaleDay(day, count, arrived[day]) for day, count in built.items() if arrived[day] != count]
