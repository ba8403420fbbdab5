"""Harvesting system.query_log: who read and changed what becomes acts in the intake, each once however often this runs.

An act's `entry_id` is made from what it is about, and whole hours are harvested, so that an hour harvested twice gives the same
acts, of which the chain takes one. Which statement is which act is said in `harvest.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql

LAG = timedelta(minutes=2)
"""The log is written every few seconds: what ended that long ago is in it."""
SPAN = timedelta(hours=6)
"""One statement reads so much of the log: its memory is that of the acts of six hours."""
SERVICE_USERS = ["gxy_pipeline", "gxy_ingest", "gxy_insights", "gxy_auditor", "gxy_scanner"]
"""Their queries are summed up by the hour. So are those of an operator's account that say which part of ours they are for."""
STAFF_USERS = ["gxy_center_control", "gxy_exporter", "gxy_eraser"]
"""People, and what acts for one person at a time: never summed up, whatever the query says it is for, but for ROUTINES."""
ROUTINES = ["erasure queue", "follow tenants", "retention", "check retention"]
"""What the graph does every minute, hour and day as the eraser, about no one person: summed up by the hour."""


@dataclass(frozen=True)
class Harvest:
    """What one call read: the hours from `harvested_from` to `harvested_until`; None when no hour was complete."""

    harvested_from: datetime | None
    harvested_until: datetime | None


def harvest(client: Client, now: datetime) -> Harvest:
    """Harvest every hour of the log that was over `LAG` before `now` and is not harvested. A kill loses and doubles nothing."""
    end = (now.astimezone(UTC) - LAG).replace(minute=0, second=0, microsecond=0)
    first = start = _watermark(client)
    if start is None or start >= end:
        return Harvest(None, None)
    while start < end:
        until = min(start + SPAN, end)
        span = {"from": start, "until": until, "service_users": SERVICE_USERS, "staff_users": STAFF_USERS, "routines": ROUTINES}
        client.command(read_sql(__package__, "harvest.sql"), parameters=span)
        client.command(read_sql(__package__, "write_harvest.sql"), parameters={"from": start, "until": until})
        start = until
    return Harvest(first, start)


def _watermark(client: Client) -> datetime | None:
    """Where to go on: the end of the last harvest, or the beginning of the log; None while there is no log."""
    if not client.command("exists table system.query_log"):
        return None
    found = client.query(read_sql(__package__, "watermark.sql"), query_tz="UTC", tz_mode="aware").first_item
    for instant in (found["harvested_until"], found["oldest"]):
        if isinstance(instant, datetime) and instant.year > 1970:
            return instant
    return None
