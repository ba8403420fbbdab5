"""People straight in the vault and in raw.events, for the tests about finding them. What is proved is in the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from clickhouse_connect.driver.client import Client
from vault_world import seal_customer

from gxy_analytics.governance.vault.pseudonyms import Pseudonyms

MASTER = bytes(range(32))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pid(tenant_id: str, customer_id: int) -> str:
    return Pseudonyms(MASTER).customer_pid(tenant_id, customer_id)


def seal(client: Client, tenant_id: str, customer_id: int, **values: str) -> str:
    """Put a customer into the vault. Returns the pseudonym."""
    who = pid(tenant_id, customer_id)
    seal_customer(client, MASTER, tenant_id, who, values, NOON)
    return who


def seen(client: Client, tenant_id: str, pairs: Sequence[tuple[str, str]], **columns: Any) -> None:
    """One event for each (anonymous_id, customer_pid), with these other columns."""
    given = {"name": "page_viewed", "event_time": NOON, "received_at": NOON, "loaded_at": NOON, **columns}
    rows = [[tenant_id, uuid4(), anonymous_id, who, *given.values()] for anonymous_id, who in pairs]
    names = ["tenant_id", "event_id", "anonymous_id", "customer_pid", *given]
    client.insert("events", rows, column_names=names, database="raw")
