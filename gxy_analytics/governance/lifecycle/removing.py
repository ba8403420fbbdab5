"""Carrying out a removal: the tenant's rows go everywhere, are counted, and a report stays. Asking belongs to `removals`.

Every step can be done again: a run that was killed is begun anew by the next one, and finishes what the first began.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.access.accounts import tenant_user
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.erasure.errors import ErasureError, SurvivorsError
from gxy_analytics.governance.erasure.tenants import erase_tenant, tenant_parts_left
from gxy_analytics.governance.lifecycle.logins import closed_login
from gxy_analytics.governance.lifecycle.removals import (
    ASKED,
    OPEN,
    REMOVED,
    REMOVING,
    VERIFYING,
    HeldError,
    Removal,
    list_removals,
    refuse_held,
    save,
)
from gxy_analytics.governance.lifecycle.spools import clean_nodes, mark, unclean_nodes, working_nodes
from gxy_analytics.governance.lifecycle.states import write_state
from gxy_analytics.governance.lifecycle.traces import survivors
from gxy_analytics.governance.tenants.write_keys import revoke_keys
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql

DOOR_SECONDS = 5.0  # until every worker has read that the keys end (`ingest_service.auth`)
SPOOL_SECONDS = 60.0  # a loader reads its list every 10 s, and clears within some more
PARTS_SECONDS = 20.0  # a server drops replaced parts after old_parts_lifetime, 8 minutes by default: the hourly job looks again
POLL_SECONDS = 0.5
ATTEMPTS = 3  # a build under way when the rows went writes some of them again
RECHECK_DAYS = 7
MUTATION = {"mutations_sync": 2}
OWN_ROWS = ("delete_login.sql", "delete_applied_login.sql", "delete_tenant.sql", "delete_state.sql")


class NotRemovedError(GxyError):
    """Something of the tenant is left; the removal stays open and goes on with its next run."""


def run_removal(client: Client, settings: Settings, removal: Removal) -> Removal:
    """Remove the tenant, or finish what a killed run began; returns the removal with its report.

    Raises HeldError before anything is erased, and NotRemovedError while rows or spools are left: run it again, or let the
    hourly job do so.
    """
    slug = removal.tenant_id
    try:
        refuse_held(client, slug)
    except HeldError as error:
        save(client, removal, error=str(error))
        raise
    if removal.state == ASKED:
        record(client, "tenant.removal_begun", tenant_id=slug, reason=removal.reason, details=_details(removal))
        removal = save(client, removal, state=REMOVING, report={"nodes": working_nodes(client)})
    login = _shut(client, settings, removal)
    mark(client, slug, removal.removal_id)
    unclean_nodes(client, removal.removal_id, removal.report["nodes"], wait_seconds=SPOOL_SECONDS)
    return _finish(client, _erase(client, settings, removal), login)


def run_due_removals(client: Client, settings: Settings, now: datetime | None = None) -> list[Removal]:
    """Run every removal that is due or was begun, and look once more after those of the last days; returns what was touched.

    One that cannot end keeps the others from nothing: its error is in its row.
    """
    now = now or datetime.now(UTC)
    touched = []
    for removal in list_removals(client):
        if removal.state in OPEN and (removal.state != ASKED or removal.due_at <= now):
            try:
                touched.append(run_removal(client, settings, removal))
            except (HeldError, NotRemovedError, ErasureError) as error:
                touched.append(save(client, removal_now(client, removal), error=str(error)))
        elif removal.state == REMOVED and removal.changed_at > now - timedelta(days=RECHECK_DAYS):
            touched += _again(client, settings, removal)
    return touched


def removal_now(client: Client, removal: Removal) -> Removal:
    """The removal as it stands now."""
    return next(one for one in list_removals(client, removal.tenant_id) if one.removal_id == removal.removal_id)


def _shut(client: Client, settings: Settings, removal: Removal) -> str:
    """Nobody gets in any more: no status, no key, no login. Returns what is left to do for the login."""
    slug = removal.tenant_id
    if client.query(read_sql(__package__, "state_of.sql"), parameters={"tenant_id": slug}).row_count:
        write_state(client, slug, reason=removal.reason, is_leaving=True)
    revoke_keys(client, slug)
    login = closed_login(settings, slug)
    open_since = (datetime.now(UTC) - removal.asked_at).total_seconds()
    time.sleep(max(0.0, DOOR_SECONDS - open_since))
    return login


def _erase(client: Client, settings: Settings, removal: Removal) -> Removal:
    """Erase, and add what was found to what earlier runs found. Raises NotRemovedError when a build writes it again each time."""
    for attempt in range(1, ATTEMPTS + 1):
        removal = save(client, removal, state=REMOVING)
        try:
            report = merged(removal.report, erase_tenant(client, settings, removal.tenant_id))
        except SurvivorsError as error:
            if attempt == ATTEMPTS:
                raise NotRemovedError(str(error)) from error
        else:
            return save(client, removal, state=VERIFYING, report=report)
    raise AssertionError("the last attempt returns or raises")


def merged(before: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """A report of `erase_tenant` after an earlier one: rows erased add up, what survives and when it was looked is the newer."""
    tables = {name: dict(table) for name, table in found["tables"].items()}
    for name, table in before.get("tables", {}).items():
        known = tables.setdefault(name, {"erased": 0, "surviving": 0})
        known["erased"] += table["erased"]
    return {**before, **found, "tables": tables}


def _finish(client: Client, removal: Removal, login: str) -> Removal:
    """The last rows, the last check, the report. Raises NotRemovedError while bytes of it may be on a disk."""
    slug = removal.tenant_id
    waiting = unclean_nodes(client, removal.removal_id, removal.report["nodes"])
    if waiting:
        raise NotRemovedError(
            f"The rows of tenant '{slug}' are erased, but the loader of {', '.join(waiting)} has not said that its spool is "
            f"clear: start it where it does not run. The hourly job ends the removal, or `gxy tenant remove {slug} --now` does."
        )
    if parts := _parts_left(client, removal):
        raise NotRemovedError(
            f"The rows of tenant '{slug}' are erased, but old parts of {', '.join(parts)} are on the disk until the server drops "
            f"them, in minutes. The hourly job ends the removal, or `gxy tenant remove {slug} --now` does."
        )
    report = {
        **removal.report,
        "rows": sum(table["erased"] for table in removal.report["tables"].values()),
        "login": login or "closed",
        "spools": clean_nodes(client, removal.removal_id),
        "removed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    record(client, "tenant.removed", tenant_id=slug, reason=removal.reason, rows=report["rows"], details=_details(removal))
    bound = {"tenant_id": slug, "user_name": tenant_user(load_specification(), slug)}
    for name in OWN_ROWS:
        client.command(read_sql(__package__, name), parameters=bound, settings=MUTATION)
    return save(client, removal, state=REMOVED, report=report, error="")


def _parts_left(client: Client, removal: Removal) -> list[str]:
    """Tables with parts of before on the disk, after waiting for the server to drop them; rows are gone already."""
    deadline = time.monotonic() + PARTS_SECONDS
    while (parts := tenant_parts_left(client, removal.report)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return parts


def _again(client: Client, settings: Settings, removal: Removal) -> list[Removal]:
    """Erase what a process that began before the removal has written since; usually there is nothing, and nothing is written."""
    if not survivors(client, removal.tenant_id):
        return []
    report = merged(removal.report, erase_tenant(client, settings, removal.tenant_id))
    return [save(client, removal, report={**report, "rows": sum(table["erased"] for table in report["tables"].values())})]


def _details(removal: Removal) -> dict[str, str | int]:
    return {"removal_id": str(removal.removal_id), "asked_by": removal.asked_by}
