"""Write keys: what a storefront shows to the ingest service to name its tenant.

A key is shown once and stored nowhere; the warehouse holds its SHA-256. Checking a request belongs to `ingest_service`.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql

PREFIX_CHARACTERS = 8
KEY_BYTES = 16


def hash_write_key(key: str) -> str:
    """SHA-256 of the key, lower-case hex. A key has 128 random bits, so that it needs neither salt nor stretching."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_active_keys(client: Client) -> dict[str, str]:
    """Return key hash -> tenant_id of every key that is not revoked (a rotated key is revoked when its overlap ends)."""
    rows = client.query(read_sql(__package__, "active_keys.sql"), column_formats={"key_hash": "string"}).result_rows
    return {key_hash: tenant_id for key_hash, tenant_id in rows}


def create_write_key(client: Client, tenant_id: str) -> str:
    """Make a new key of the tenant beside those it has, and return it: 32 hex characters, never to be seen again."""
    key = secrets.token_hex(KEY_BYTES)
    client.command(
        read_sql(__package__, "insert_key.sql"),
        parameters={"tenant_id": tenant_id, "key_hash": hash_write_key(key), "key_prefix": key[:PREFIX_CHARACTERS]},
    )
    return key


def revoke_keys(client: Client, tenant_id: str, *, after: timedelta = timedelta()) -> None:
    """Revoke every active key of the tenant `after` this long from now. A key already ending sooner keeps its end."""
    client.command(
        read_sql(__package__, "revoke_keys.sql"),
        parameters={"tenant_id": tenant_id, "after_ms": int(after.total_seconds() * 1000)},
    )
