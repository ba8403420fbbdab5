"""governance.tenant_states: suspending a tenant and resuming it, beside what the backend says of it.

`governance.tenants.status` is the stricter of the two, and what everybody reads: the ingest service, the logins. Removing a
tenant belongs to `removals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.extraction.tenant_registry import publish_tenants
from gxy_analytics.governance.audit.record import os_user, record
from gxy_analytics.governance.tenants.tenants import UnknownTenantError
from gxy_analytics.warehouse.client import read_sql

ACTIVE = "active"


class NotResumableError(GxyError):
    """Something else than our own suspension keeps the tenant from being active."""


class MissingReasonError(GxyError):
    """Nobody suspends or removes a tenant without saying why."""


@dataclass(frozen=True)
class TenantState:
    """`status` is in force, the stricter of backend and platform; the rest is the platform's own word, of `changed_at` (UTC)."""

    tenant_id: str
    status: str
    oltp_id: int
    is_suspended: bool
    is_leaving: bool
    reason: str
    changed_at: datetime


def state_of(client: Client, slug: str) -> TenantState:
    """The tenant's state now. Raises UnknownTenantError."""
    for row in client.query(read_sql(__package__, "state_of.sql"), parameters={"tenant_id": slug}).named_results():
        changed_at = row.pop("changed_at").replace(tzinfo=UTC)
        return TenantState(slug, **row, changed_at=changed_at)
    raise UnknownTenantError(f"There is no tenant '{slug}': see `gxy tenant list`.")


def suspend(client: Client, slug: str, reason: str) -> TenantState:
    """Stop the tenant: its write keys answer 403 within 5 s, and it has no login once access is applied. Its data stays.

    Suspending it again changes nothing. Raises UnknownTenantError, MissingReasonError.
    """
    require_reason(reason)
    state = state_of(client, slug)
    if state.is_suspended:
        return state
    record(client, "tenant.suspended", tenant_id=slug, reason=reason)
    return write_state(client, slug, reason=reason, is_suspended=True)


def resume(client: Client, slug: str, reason: str = "") -> TenantState:
    """Undo `suspend`. Resuming an active tenant changes nothing.

    Raises UnknownTenantError, and NotResumableError when it is leaving, or when the backend says that it is not active.
    """
    state = state_of(client, slug)
    if state.is_leaving:
        raise NotResumableError(f"Tenant '{slug}' is being removed: `gxy tenant remove {slug} --cancel` keeps it.")
    if state.is_suspended:
        record(client, "tenant.resumed", tenant_id=slug, reason=reason)
        state = write_state(client, slug, reason=reason, is_suspended=False)
    if state.status != ACTIVE:
        raise NotResumableError(
            f"The platform no longer suspends tenant '{slug}', but the backend says '{state.status}': change it there; "
            "the next extraction follows."
        )
    return state


def write_state(
    client: Client, slug: str, *, reason: str, is_suspended: bool | None = None, is_leaving: bool | None = None
) -> TenantState:
    """Change what is given of the platform's word, and publish the status that follows; returns what is in force."""
    parameters = {
        "tenant_id": slug,
        "is_suspended": _word(is_suspended),
        "is_leaving": _word(is_leaving),
        "reason": reason,
        "changed_by": os_user(),
    }
    client.command(read_sql(__package__, "insert_state.sql"), parameters=parameters)
    publish_tenants(client)
    return state_of(client, slug)


def require_reason(reason: str) -> None:
    """Raise MissingReasonError for an empty one."""
    if not reason.strip():
        raise MissingReasonError("No reason: say why with --reason, such as a ticket number; it is kept in the audit.")


def _word(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"
