"""governance.suppressions: people of whom nothing old is stored again, what stands for them in the books, and removed tenants.

Who keeps to the list (loader, extraction) reads it with `load`; deleting what was stored before belongs to `erasure`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql

Kind = Literal["customer", "anonymous", "tenant"]
CUSTOMER: Kind = "customer"
ANONYMOUS: Kind = "anonymous"
TENANT: Kind = "tenant"  # everybody, of a tenant that was removed
FOR_GOOD = datetime(2299, 12, 31, tzinfo=UTC)  # as `until`: an objection (GDPR Art. 21) or opt-out (CCPA), in force until lifted
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FOR_GOOD_MS = (FOR_GOOD - EPOCH) // MILLISECOND
TOMBSTONE_BYTES = 32  # as many characters as a pid
COLUMNS = ["tenant_id", "kind", "identity_hash", "until", "tombstone", "request_id", "is_active"]
TEXT = {"identity_hash": "string"}
Version = tuple[int, int]


def identity_hash(tenant_id: str, kind: Kind, identity: str) -> str:
    """SHA-256, lower-case hex; `identity` is a customer_pid or an anonymous id.

    In SQL: lower(hex(SHA256(concat(tenant_id, '\\0', kind, '\\0', identity)))).
    """
    return hashlib.sha256(f"{tenant_id}\0{kind}\0{identity}".encode()).hexdigest()


@dataclass(slots=True)
class TenantSuppressions:
    """One tenant's list, by identity hash. Instants in ms since the epoch."""

    tenant_id: str
    customers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # (until, tombstone), the earliest first
    anonymous: dict[str, int] = field(default_factory=dict)
    everybody_ms: int = -1
    latest_ms: int = 0

    def covers(self, customer_pid: str, anonymous_ids: Iterable[str], event_ms: int) -> bool:
        """Whether what one of these did at that time must not be stored. Empty identities are nobody's."""
        if event_ms > self.latest_ms:
            return False  # live traffic, nearly always: no hash is taken
        if event_ms <= self.everybody_ms:
            return True
        if customer_pid and self.tombstone(customer_pid, event_ms) is not None:
            return True
        return any(
            event_ms <= self.anonymous.get(identity_hash(self.tenant_id, ANONYMOUS, one), -1) for one in anonymous_ids if one
        )

    def names(self, customer_pid: str) -> bool:
        """Whether the customer is on the list, for whatever time."""
        return identity_hash(self.tenant_id, CUSTOMER, customer_pid) in self.customers

    def tombstone(self, customer_pid: str, happened_ms: int) -> str | None:
        """What stands for the customer in what happened then; None where the customer may be named.

        Of several requests it is that of the first one made after it happened, whose erasure has put it there.
        """
        if happened_ms > self.latest_ms:
            return None
        entries = self.customers.get(identity_hash(self.tenant_id, CUSTOMER, customer_pid), ())
        return next((tombstone for until, tombstone in entries if happened_ms <= until), None)


@dataclass(slots=True)
class Suppressions:
    """The whole list as read at one moment."""

    tenants: dict[str, TenantSuppressions] = field(default_factory=dict)
    requests: dict[UUID, int] = field(default_factory=dict)  # -> its latest `until`, ms since the epoch

    def of(self, tenant_id: str) -> TenantSuppressions | None:
        """The tenant's list, None where it is empty."""
        return self.tenants.get(tenant_id)

    def covers(self, tenant_id: str, customer_pid: str, anonymous_id: str, event_ms: int) -> bool:
        """Whether an event of these at that time (ms since the epoch) must not be stored."""
        found = self.tenants.get(tenant_id)
        return found is not None and found.covers(customer_pid, (anonymous_id,), event_ms)

    def is_removed(self, tenant_id: str) -> bool:
        """Whether nothing of the tenant is ever stored."""
        found = self.tenants.get(tenant_id)
        return found is not None and found.everybody_ms >= FOR_GOOD_MS


def load(client: Client) -> Suppressions:
    """Read what is in force."""
    loaded = Suppressions()
    for row in client.query(read_sql(__package__, "load_suppressions.sql"), column_formats=TEXT).named_results():
        tenant = loaded.tenants.setdefault(row["tenant_id"], TenantSuppressions(row["tenant_id"]))
        until_ms = row["until_ms"]
        tenant.latest_ms = max(tenant.latest_ms, until_ms)
        loaded.requests[row["request_id"]] = max(until_ms, loaded.requests.get(row["request_id"], until_ms))
        if row["kind"] == CUSTOMER:
            tenant.customers.setdefault(row["identity_hash"], []).append((until_ms, row["tombstone"]))
        elif row["kind"] == TENANT:
            tenant.everybody_ms = max(tenant.everybody_ms, until_ms)
        else:
            tenant.anonymous[row["identity_hash"]] = max(until_ms, tenant.anonymous.get(row["identity_hash"], until_ms))
    for tenant in loaded.tenants.values():
        for entries in tenant.customers.values():
            entries.sort()
    return loaded


def version(client: Client) -> Version:
    """Changes whenever the list does: cheaper than reading it again."""
    rows, changed_ms = client.query(read_sql(__package__, "suppressions_version.sql")).result_rows[0]
    return rows, changed_ms


def suppress(
    client: Client,
    tenant_id: str,
    *,
    customer_pids: Iterable[str],
    anonymous_ids: Iterable[str],
    until: datetime,
    request_id: UUID,
) -> dict[str, str]:
    """Put these identities on the list, for what happened up to `until` (aware, or FOR_GOOD); returns pid -> tombstone.

    Asked again for the same request it writes what is missing or was lifted, and returns the same tombstones.
    """
    pids = {identity_hash(tenant_id, CUSTOMER, pid): pid for pid in customer_pids}
    wanted: dict[tuple[Kind, str], str] = {(CUSTOMER, hashed): secrets.token_hex(TOMBSTONE_BYTES) for hashed in pids}
    wanted |= {(ANONYMOUS, identity_hash(tenant_id, ANONYMOUS, one)): "" for one in anonymous_ids}
    until_ms = (until - EPOCH) // MILLISECOND
    in_force = set()
    for row in _of_request(client, tenant_id, request_id):
        key = row["kind"], row["identity_hash"]
        if key in wanted:
            wanted[key] = row["tombstone"]
            if row["is_active"] and row["until_ms"] == until_ms:
                in_force.add(key)
    rows = [
        [tenant_id, kind, hashed, until, tombstone, request_id, True]
        for (kind, hashed), tombstone in wanted.items()
        if (kind, hashed) not in in_force
    ]
    if rows:
        client.insert("suppressions", rows, column_names=COLUMNS, database="governance")
    return {pid: wanted[CUSTOMER, hashed] for hashed, pid in pids.items()}


def suppress_tenant(client: Client, tenant_id: str, *, until: datetime, request_id: UUID) -> None:
    """Keep out whatever anybody did at the tenant up to `until`; asked again for the same request it means that instant."""
    row = [tenant_id, TENANT, identity_hash(tenant_id, TENANT, ""), until, "", request_id, True]
    client.insert("suppressions", [row], column_names=COLUMNS, database="governance")


def lift(client: Client, tenant_id: str, request_id: UUID) -> None:
    """Take what the request put on the list off again; what happened in between is not brought back."""
    parameters = {"tenant_id": tenant_id, "request_id": str(request_id)}
    client.command(read_sql(__package__, "lift_suppressions.sql"), parameters=parameters)


def _of_request(client: Client, tenant_id: str, request_id: UUID) -> Iterable[dict]:
    parameters = {"tenant_id": tenant_id, "request_id": str(request_id)}
    sql = read_sql(__package__, "suppressions_of_request.sql")
    found: Iterable[dict] = client.query(sql, parameters=parameters, column_formats=TEXT).named_results()
    return found
