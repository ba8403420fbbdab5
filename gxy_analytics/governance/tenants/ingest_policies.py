"""governance.ingest_policies: reading and changing a tenant's policy. What a policy may say belongs to `ingest_policy`."""

from __future__ import annotations

from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.tenants.ingest_policy import DEFAULT_POLICY, IngestPolicy, changed, read_policy
from gxy_analytics.warehouse.client import read_sql


def policy_of(client: Client, tenant_id: str) -> IngestPolicy:
    """The tenant's policy, the default one where it has none of its own. Raises InvalidPolicyError."""
    rows = client.query(read_sql(__package__, "ingest_policy_of.sql"), parameters={"tenant_id": tenant_id}).named_results()
    return next((read_policy(row) for row in rows), DEFAULT_POLICY)


def change_policy(client: Client, tenant_id: str, changes: dict[str, Any]) -> IngestPolicy:
    """Replace some fields of the tenant's policy and return it; workers act on it within seconds. Raises InvalidPolicyError."""
    policy = changed(policy_of(client, tenant_id), changes)
    fields = {name: _plain(value) for name, value in msgspec.structs.asdict(policy).items()}
    client.command(read_sql(__package__, "insert_ingest_policy.sql"), parameters={"tenant_id": tenant_id, **fields})
    return policy


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
