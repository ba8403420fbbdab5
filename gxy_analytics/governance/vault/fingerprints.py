"""governance.tenant_keys: noticing another master key before a single pseudonym is made with it.

Loading and deriving keys belongs to `master_key`.
"""

from __future__ import annotations

from collections.abc import Iterable

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.vault.master_key import KeyRing, UnsafeMasterKeyError, derive_tenant_key
from gxy_analytics.warehouse.client import read_sql

PURPOSE = "fingerprint"


class OtherMasterKeyError(UnsafeMasterKeyError):
    """The master key is not the one these tenants were pseudonymised with."""


def fingerprint_of_root(keys: KeyRing) -> str:
    """16 hex characters by which people tell one root from another; it reveals nothing of it."""
    return derive_tenant_key(keys.root, "", PURPOSE).hex()[:16]


def fingerprints(client: Client) -> dict[str, str]:
    """The fingerprint of the key that each tenant was pseudonymised with, by slug; a tenant without pseudonyms has none."""
    return dict(client.query(read_sql(__package__, "tenant_keys.sql")).result_rows)


def check_master_key(client: Client, master_key: KeyRing | bytes, tenant_ids: Iterable[str]) -> None:
    """Raise OtherMasterKeyError when a tenant was pseudonymised with another key; remember the key of new tenants.

    With another key every customer would look new, and every known one gone.
    """
    root = KeyRing.of(master_key).root
    known = fingerprints(client)
    new = []
    for tenant_id in tenant_ids:
        fingerprint = derive_tenant_key(root, tenant_id, PURPOSE).hex()
        if tenant_id not in known:
            new.append((tenant_id, fingerprint))
        elif known[tenant_id] != fingerprint:
            raise OtherMasterKeyError(
                f"The master key is not the one that tenant '{tenant_id}' was pseudonymised with: "
                "restore that key to GXY_MASTER_KEY_FILE. Nothing was changed."
            )
    if new:
        client.insert("tenant_keys", new, column_names=["tenant_id", "fingerprint"], database="governance")
