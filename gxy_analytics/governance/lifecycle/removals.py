"""governance.tenant_removals: asking for a tenant's removal, calling it off. Carrying it out belongs to `removing`.

asked -> (the delay; the tenant is stopped) -> removing -> verifying -> removed. As long as it is asked it can be cancelled.
A removed slug stays taken: who adds it again must say so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import os_user, record
from gxy_analytics.governance.lifecycle import spools
from gxy_analytics.governance.lifecycle.states import require_reason, state_of, write_state
from gxy_analytics.governance.retention.holds import held
from gxy_analytics.warehouse.client import read_sql

ASKED, REMOVING, VERIFYING, REMOVED, CANCELLED, READMITTED = (
    "asked", "removing", "verifying", "removed", "cancelled", "readmitted",
)  # fmt: skip
OPEN = (ASKED, REMOVING, VERIFYING)
COLUMNS = [
    "removal_id", "tenant_id", "oltp_id", "state", "reason", "asked_by", "asked_at", "due_at", "report", "error", "changed_at",
]  # fmt: skip
BACKEND = "backend"
"""`asked_by` of a removal that the mirror asked for, because the tenant is gone from the backend."""


class RemovalAskedError(GxyError):
    """The tenant's removal was asked for before, or is under way."""


class NotCancellableError(GxyError):
    """There is no removal to cancel, or it has begun."""


class HeldError(GxyError):
    """A legal hold forbids the removal."""


@dataclass(frozen=True)
class Removal:
    """One removal as it stands. Instants are UTC; `report` is empty until the tenant is removed."""

    removal_id: UUID
    tenant_id: str
    oltp_id: int
    state: str
    reason: str
    asked_by: str
    asked_at: datetime
    due_at: datetime
    report: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    changed_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def as_dict(self) -> dict[str, Any]:
        """For people and scripts: texts and the report, instants as RFC 3339."""
        instants = {name: getattr(self, name).isoformat(timespec="seconds") for name in ("asked_at", "due_at", "changed_at")}
        named = {name: getattr(self, name) for name in ("tenant_id", "state", "reason", "asked_by", "report", "error")}
        return {"removal_id": str(self.removal_id), **named, **instants}


def ask_removal(client: Client, slug: str, *, reason: str, after: timedelta, asked_by: str = "") -> Removal:
    """Ask for the tenant's removal in `after` from now; it is stopped at once, as a suspended one.

    Raises UnknownTenantError, MissingReasonError, HeldError, RemovalAskedError.
    """
    require_reason(reason)
    state = state_of(client, slug)
    refuse_held(client, slug)
    if before := open_removal(client, slug):
        raise RemovalAskedError(
            f"The removal of tenant '{slug}' was asked for on {before.asked_at:%Y-%m-%d} and is {before.state}, due "
            f"{before.due_at:%Y-%m-%d %H:%M} UTC: `gxy tenant remove {slug} --now` begins it, `--cancel` calls it off."
        )
    now = datetime.now(UTC)
    removal = Removal(uuid4(), slug, state.oltp_id, ASKED, reason, asked_by or os_user(), now, now + after)
    details = {"removal_id": str(removal.removal_id), "due_at": removal.due_at.isoformat(timespec="seconds")}
    record(client, "tenant.removal_asked", tenant_id=slug, reason=reason, details=details, actor=removal.asked_by)
    saved = save(client, removal)
    write_state(client, slug, reason=reason, is_leaving=True)
    return saved


def cancel_removal(client: Client, slug: str, reason: str = "") -> Removal:
    """Call the removal off: the tenant is what it was before. Raises NotCancellableError once it has begun."""
    removal = open_removal(client, slug)
    if removal is None:
        raise NotCancellableError(f"No removal of tenant '{slug}' is asked for: nothing to cancel, see `gxy tenant list`.")
    if removal.state != ASKED:
        raise NotCancellableError(f"The removal of tenant '{slug}' has begun: what is erased cannot be brought back.")
    record(client, "tenant.removal_cancelled", tenant_id=slug, reason=reason, details={"removal_id": str(removal.removal_id)})
    cancelled = save(client, removal, state=CANCELLED)
    write_state(client, slug, reason=reason, is_leaving=False)
    return cancelled


def readmit(client: Client, slug: str) -> None:
    """Let a removed slug be used again: `gxy tenant add`, or the next extraction, takes the backend's tenant as a new one."""
    for removal in list_removals(client, slug):
        if removal.state == REMOVED:
            details = {"removal_id": str(removal.removal_id)}
            record(client, "tenant.readmitted", tenant_id=slug, details=details)
            spools.readmit(client, slug, removal.removal_id)
            save(client, removal, state=READMITTED)


def refuse_held(client: Client, slug: str) -> None:
    """Raise HeldError naming the holds that bind the tenant or one of its customers."""
    if holds := held(client, slug):
        named = "; ".join(str(hold) for hold in holds)
        raise HeldError(f"Tenant '{slug}' is under a legal hold: {named}. Lift it first: `gxy retention` has the command.")


def list_removals(client: Client, slug: str = "") -> list[Removal]:
    """Every removal, the oldest first; of one tenant where it is named."""
    rows = client.query(read_sql(__package__, "removals.sql"), parameters={"tenant_id": slug}).named_results()
    return [_removal(row) for row in rows]


def open_removal(client: Client, slug: str) -> Removal | None:
    """The tenant's removal that is asked for or under way."""
    return next((removal for removal in list_removals(client, slug) if removal.is_open), None)


def save(client: Client, removal: Removal, **changes: Any) -> Removal:
    """Write the removal with `changes` as its newest version."""
    version = max(datetime.now(UTC), removal.changed_at + timedelta(milliseconds=1))
    changed = replace(removal, **changes, changed_at=version)
    values = {
        **{name: getattr(changed, name) for name in COLUMNS},
        "report": json.dumps(changed.report) if changed.report else "",
    }
    row = [values[name] for name in COLUMNS]
    client.insert("tenant_removals", [row], column_names=COLUMNS, database="governance")
    return changed


def _removal(row: dict[str, Any]) -> Removal:
    instants = {name: row[name].replace(tzinfo=UTC) for name in ("asked_at", "due_at", "changed_at")}
    return Removal(**{**row, **instants, "report": json.loads(row["report"]) if row["report"] else {}})
