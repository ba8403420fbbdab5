"""Customers straight in the vault, as sealed now and as sealed before each customer had a key. What is proved is in the tests."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gxy_analytics.governance.vault.customer_keys import insert_keys
from gxy_analytics.governance.vault.master_key import KeyRing, derive_tenant_key
from gxy_analytics.governance.vault.vault import PersonalValues, Place, Vault

LONG_AGO = datetime(2026, 3, 1, 12, tzinfo=UTC)
MASTER = bytes(range(32))


def seal_customer(
    client: Client, keys: KeyRing | bytes, tenant_id: str, pid: str, values: PersonalValues, changed_at: datetime = LONG_AGO
) -> None:
    """Put a customer into the vault, with a key of her own."""
    vault = Vault(keys)
    wrapped, key = vault.new_key(tenant_id, pid)
    insert_keys(client, [wrapped])
    sealed = vault.seal(Place(tenant_id, "customers", pid), key, values)
    row = [tenant_id, pid, sealed, key.key_id, vault.content_hash(tenant_id, pid, values), changed_at]
    columns = ["tenant_id", "customer_pid", "ciphertext", "key_id", "content_hash", "changed_at"]
    client.insert("customers", [row], column_names=columns, database="pii")


def seal_as_before(root: bytes, tenant_id: str, name: str, values: PersonalValues) -> tuple[str, str]:
    """(wrapped_key, ciphertext) of a row with a data key of its own, wrapped under the tenant's."""
    bound, data_key = f"gxy/v1\x00{tenant_id}\x00{name}".encode(), secrets.token_bytes(32)
    text = json.dumps(dict(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return _sealed(derive_tenant_key(root, tenant_id, "vault-wrap"), data_key, bound), _sealed(data_key, text, bound)


def _sealed(key: bytes, text: bytes, bound: bytes) -> str:
    nonce = secrets.token_bytes(12)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, text, bound)).decode()
