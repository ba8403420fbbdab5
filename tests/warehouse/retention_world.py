"""Rows of different ages for the retention tests: events with their ledger, dead letters, staged events and sessions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

NOW = datetime(2026, 6, 15, 16, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = {"kiwi": "Pacific/Auckland", "surf": "America/Los_Angeles"}
STAGED = "tenant_id String, local_date Date, visitor_id String, customer_pid String, event_at DateTime64(3, 'UTC'), event_id UUID"
SESSIONS = (
    "tenant_id String, local_date Date, visitor_id String, customer_pid String, started_at DateTime64(3, 'UTC'), "
    "ended_at DateTime64(3, 'UTC'), events UInt64"
)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def put(client: Client, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows into `database.table`; `columns` are separated by spaces."""
    database, name = table.split(".")
    client.insert(name, rows, column_names=columns.split(), database=database)


def tenants(client: Client) -> None:
    """A shop in Auckland and one in Los Angeles."""
    put(client, "governance.tenants", "tenant_id timezone changed_at", [[slug, zone, NOW] for slug, zone in ZONES.items()])
    put(client, "governance.tenant_timezones", "tenant_id timezone valid_from", [[*pair, EPOCH] for pair in ZONES.items()])


def events(
    client: Client,
    tenant: str,
    happened: Sequence[datetime],
    *,
    received: datetime | None = None,
    customer: str = "",
    browser: str = "visitor",
    node: str = "a",
) -> None:
    """Events and the ledger's entry for them; received when they happened unless told."""
    rows = [
        [tenant, uuid.uuid4(), at, received or at, received or at, browser, customer, "net-1", '{"plan": "gold"}']
        for at in happened
    ]
    put(
        client,
        "raw.events",
        "tenant_id event_id event_time received_at loaded_at anonymous_id customer_pid network_id traits",
        rows,
    )
    loaded = received or max(happened)
    batch = [tenant, f"{node}:{uuid.uuid4()}", len(rows), len(rows), 0, 0, 0, loaded]
    put(
        client,
        "governance.ingest_ledger",
        "tenant_id batch_id accepted inserted deduplicated rejected dropped loaded_at",
        [batch],
    )


def dead_letters(client: Client, tenant: str, received: Sequence[datetime]) -> None:
    rows = [[tenant, uuid.uuid4().hex, at, at, "{}"] for at in received]
    put(client, "raw.events_rejected", "tenant_id rejected_id received_at loaded_at raw", rows)


def behaviour_tables(client: Client) -> None:
    """The physical tables that dbt makes of events, with the columns that retention reads."""
    for table, columns in {
        "staging.stg_web__events": STAGED,
        "staging.int_web__sightings": "tenant_id String, local_date Date, visitor_id String, customer_pid String",
        "marts.fct_sessions": SESSIONS,
    }.items():
        client.command(f"create table {table} ({columns}) engine = MergeTree partition by local_date order by tenant_id")


def visit(client: Client, tenant: str, day: date, visitor: str = "visitor", customer: str = "", count: int = 1) -> None:
    """A session of `count` staged events at noon UTC of the day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    staged = [[tenant, day, visitor, customer, noon, uuid.uuid4()] for _ in range(count)]
    put(client, "staging.stg_web__events", "tenant_id local_date visitor_id customer_pid event_at event_id", staged)
    put(client, "staging.int_web__sightings", "tenant_id local_date visitor_id customer_pid", [[tenant, day, visitor, customer]])
    session = [tenant, day, visitor, customer, noon, noon, count]
    put(client, "marts.fct_sessions", "tenant_id local_date visitor_id customer_pid started_at ended_at events", [session])


def count(client: Client, table: str, condition: str = "1") -> int:
    return int(client.query(f"select count() from {table} where {condition}").first_row[0])
