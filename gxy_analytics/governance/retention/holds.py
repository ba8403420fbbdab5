"""Legal holds: what must not be deleted, neither by its period nor because somebody asked.

Which rows of which table a hold is about belongs to `protection`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.warehouse.client import read_sql

COLUMNS = ["tenant_id", "hold_id", "subject_hash", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at", "changed_at"]
SHOWN_OF_HASH = 16
"""Characters of a subject's hash that people see."""


class NoSuchHoldError(GxyError):
    """No hold in force has this id."""


class UnknownCustomerError(GxyError):
    """A hold names a customer of whom nothing is known: it would keep nothing."""


class UnknownTenantError(GxyError):
    """A hold or a period names a tenant that does not exist."""


@dataclass(frozen=True)
class Hold:
    """A hold in force. An empty `subject_hash` (else 64 hex) means everything of the tenant."""

    hold_id: UUID
    tenant_id: str
    subject_hash: str
    reason: str
    placed_by: str
    placed_at: datetime

    def __str__(self) -> str:
        about = f"customer {self.subject_hash[:SHOWN_OF_HASH]}" if self.subject_hash else "everything"
        return f"{self.hold_id} on {about} of {self.tenant_id} since {self.placed_at:%Y-%m-%d}: {self.reason}"


def held(client: Client, tenant_id: str, subject_hash: str | None = None) -> list[Hold]:
    """The holds in force that forbid deleting: all of the tenant's, or those that bind one customer.

    `subject_hash` is `suppressions.identity_hash(tenant_id, "customer", customer_pid)`; a tenant-wide hold binds every customer.
    """
    holds = [hold for hold in list_holds(client) if hold.tenant_id == tenant_id]
    return holds if subject_hash is None else [hold for hold in holds if hold.subject_hash in ("", subject_hash)]


def list_holds(client: Client) -> list[Hold]:
    """Every hold in force, the oldest first."""
    rows = client.query(read_sql(__package__, "holds.sql")).result_rows
    return [
        Hold(hold_id, tenant, subject_hash, reason, placed_by, placed_at.replace(tzinfo=UTC))
        for hold_id, tenant, subject_hash, reason, placed_by, placed_at in rows
    ]


def place_hold(client: Client, tenant_id: str, reason: str, *, actor: str, subject_hash: str = "") -> Hold:
    """Put a hold on a tenant or one of its customers. Placing it again makes a second one, which is lifted by itself.

    Raises UnknownTenantError.
    """
    require_tenant(client, tenant_id)
    hold = Hold(uuid4(), tenant_id, subject_hash, reason, actor, datetime.now(UTC))
    _audit(client, "hold.placed", hold, actor)
    _write(client, hold, lifted_by="", lifted_at=None)
    return hold


def lift_hold(client: Client, hold_id: UUID, *, actor: str) -> Hold:
    """End a hold: what is over goes with the next run. Raises NoSuchHoldError."""
    hold = next((hold for hold in list_holds(client) if hold.hold_id == hold_id), None)
    if hold is None:
        raise NoSuchHoldError(f"No hold in force has the id {hold_id}: `gxy retention holds` lists them.")
    _audit(client, "hold.lifted", hold, actor)
    _write(client, hold, lifted_by=actor, lifted_at=datetime.now(UTC))
    return hold


def require_tenant(client: Client, tenant_id: str) -> None:
    """Raise UnknownTenantError unless the tenant exists."""
    if not client.query(read_sql(__package__, "tenant_exists.sql"), parameters={"tenant_id": tenant_id}).first_row[0]:
        raise UnknownTenantError(f"No tenant is called {tenant_id!r}: `gxy tenant list` names them.")


def require_customer(client: Client, tenant_id: str, customer_pid: str) -> None:
    """Raise UnknownCustomerError unless something is known of the customer."""
    named = {"tenant_id": tenant_id, "customer_pid": customer_pid}
    if not client.query(read_sql(__package__, "customer_exists.sql"), parameters=named).first_row[0]:
        raise UnknownCustomerError(
            f"Nothing is known of this customer of {tenant_id}: check the id, and that the tenant is right."
        )


def _write(client: Client, hold: Hold, *, lifted_by: str, lifted_at: datetime | None) -> None:
    now = datetime.now(UTC)
    of_hold = [hold.tenant_id, hold.hold_id, hold.subject_hash, hold.reason, hold.placed_by, hold.placed_at]
    client.insert("retention_holds", [[*of_hold, lifted_by, lifted_at, now]], column_names=COLUMNS, database="governance")


def _audit(client: Client, action: str, hold: Hold, actor: str) -> None:
    record(
        client,
        action,
        tenant_id=hold.tenant_id,
        subject=hold.subject_hash[:SHOWN_OF_HASH],
        reason=hold.reason,
        details={"hold_id": str(hold.hold_id)},
        actor=actor,
    )
