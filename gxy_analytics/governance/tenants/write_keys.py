"""Write keys: what a storefront or a server shows to the ingest service to name its tenant.

A key is shown once and stored nowhere; the warehouse holds its SHA-256. A public key may be seen in a browser; a secret one
may say more (address, user agent, past times) and belongs on servers. Checking a request belongs to `ingest_service`.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Literal

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.tenants.ingest_policy import DEFAULT_POLICY, Grant, IngestPolicy, read_policy
from gxy_analytics.warehouse.client import read_sql

Kind = Literal["public", "secret"]

KIND_MARK = "gxys_"  # before a secret key, so that people and scanners of repositories recognise one
PREFIX_CHARACTERS = 8  # of the random part
KEY_BYTES = 16


class UnknownKeyError(GxyError):
    """The tenant has no active key of that prefix."""


def hash_write_key(key: str) -> str:
    """SHA-256 of the key, lower-case hex. A key has 128 random bits, so that it needs neither salt nor stretching."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_prefix(key: str) -> str:
    """The beginning of a key that it is listed and revoked by."""
    return key[: PREFIX_CHARACTERS + (len(KIND_MARK) if key.startswith(KIND_MARK) else 0)]


def read_grants(client: Client) -> dict[str, Grant]:
    """Return key hash -> grant of every key that is not revoked (a rotated key is revoked when its overlap ends).

    Raises InvalidPolicyError when a stored policy is none.
    """
    rows = client.query(read_sql(__package__, "active_grants.sql"), column_formats={"key_hash": "string"}).named_results()
    policies: dict[str, IngestPolicy] = {}
    grants = {}
    for row in rows:
        tenant_id = row["tenant_id"]
        if tenant_id not in policies:
            policies[tenant_id] = read_policy(row) if row["has_policy"] else DEFAULT_POLICY
        grants[row["key_hash"]] = Grant(
            tenant_id, bool(row["is_secret"]), policies[tenant_id], row["ends_ms"], bool(row["is_suspended"])
        )
    return grants


def list_keys(client: Client) -> dict[str, list[dict[str, Any]]]:
    """Return the active keys by tenant, oldest first: `prefix`, `kind`, `until` (RFC 3339, empty while no end is planned)."""
    keys: dict[str, list[dict[str, Any]]] = {}
    for row in client.query(read_sql(__package__, "list_keys.sql")).named_results():
        keys.setdefault(row["tenant_id"], []).append({name: row[name] for name in ("prefix", "kind", "until")})
    return keys


def create_write_key(client: Client, tenant_id: str, kind: Kind = "public") -> str:
    """Make a new key of the tenant beside those it has, and return it, never to be seen again.

    32 hex characters; a secret key has `gxys_` before them.
    """
    key = (KIND_MARK if kind == "secret" else "") + secrets.token_hex(KEY_BYTES)
    parameters = {"tenant_id": tenant_id, "key_hash": hash_write_key(key), "key_prefix": key_prefix(key), "kind": kind}
    client.command(read_sql(__package__, "insert_key.sql"), parameters=parameters)
    return key


def revoke_keys(
    client: Client, tenant_id: str, *, after: timedelta = timedelta(), kind: Kind | None = None, prefix: str = ""
) -> None:
    """Revoke the active keys of the tenant `after` this long from now. A key already ending sooner keeps its end.

    `kind` and `prefix` (as listed, whole) choose among them.
    """
    client.command(
        read_sql(__package__, "revoke_keys.sql"),
        parameters={
            "tenant_id": tenant_id,
            "after_ms": int(after.total_seconds() * 1000),
            "kind": kind or "",
            "key_prefix": prefix,
        },
    )


def revoke_key(client: Client, tenant_id: str, prefix: str) -> None:
    """Revoke the tenant's key of that prefix now. Raises UnknownKeyError."""
    prefixes = [key["prefix"] for key in list_keys(client).get(tenant_id, [])]
    if prefix not in prefixes:
        known = ", ".join(prefixes) or "none"
        raise UnknownKeyError(f"Tenant '{tenant_id}' has no active key '{prefix}': name one of {known}, see `gxy tenant list`.")
    revoke_keys(client, tenant_id, prefix=prefix)
