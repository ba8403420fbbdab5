"""Pseudonyms: how a customer is named outside the vault.

`customer_pid` = HMAC-SHA256(the tenant's pseudonym key, customer id), lower-case hex. Personal values belong to `vault`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.vault.fingerprints import check_master_key
from gxy_analytics.governance.vault.master_key import KeyRing, derive_tenant_key

PURPOSE = "customer-pid"
CustomerPid = Callable[[str, str], str]
"""What names a customer: (tenant id, customer id) -> pseudonym. `Pseudonyms.customer_pid`, or a cache before it."""


class Pseudonyms:
    """Names customers by pseudonym. Tenant keys are derived once and kept in memory."""

    def __init__(self, master_key: KeyRing | bytes) -> None:
        self.key_ring = KeyRing.of(master_key)
        self._keys: dict[str, bytes] = {}

    def customer_pid(self, tenant_id: str, customer_id: str | int) -> str:
        """Return the 64 hex characters that stand for `customer_id` (the backend's customers.id) of this tenant."""
        key = self._keys.get(tenant_id)
        if key is None:
            key = self._keys[tenant_id] = derive_tenant_key(self.key_ring.root, tenant_id, PURPOSE)
        return hmac.digest(key, str(customer_id).encode(), "sha256").hex()

    def check(self, client: Client, tenant_ids: Iterable[str]) -> None:
        """Raise OtherMasterKeyError when one of the tenants is known by pseudonyms of another master key."""
        check_master_key(client, self.key_ring.root, tenant_ids)
