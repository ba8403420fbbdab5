"""The steps of a request, one a state. Each can be repeated, and returns the request as it then stands.

What calls them, and what happens when one fails, belongs to `run`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.erasure.accounting import read_books, require_same
from gxy_analytics.governance.erasure.counted import delete_counted
from gxy_analytics.governance.erasure.errors import HeldError, ProportionError, SurvivorsError
from gxy_analytics.governance.erasure.letters import hide_letters
from gxy_analytics.governance.erasure.registry import Registry, Table
from gxy_analytics.governance.erasure.report import build_report
from gxy_analytics.governance.erasure.requests import Request, get_request, save
from gxy_analytics.governance.erasure.sessions import hide_sessions
from gxy_analytics.governance.erasure.target import Target, unseal
from gxy_analytics.governance.erasure.treatments import (
    count_rows,
    drop_leftovers,
    hide,
    physical_tables,
    purge,
)
from gxy_analytics.governance.erasure.verification import (
    count_person,
    nodes,
    parts_left,
    require_known_tables,
    server_now,
)
from gxy_analytics.governance.retention.holds import held
from gxy_analytics.governance.suppressions import suppress
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.single_writer import single_writer

ACK_SECONDS = 30.0
"""How long a run waits for the loaders before it begins; one that is slower costs another attempt and never a row."""
ATTEMPTS = 3
EXTRACTED = ("pii", "raw")
"""Databases that no build writes; the others are changed while none runs."""


@dataclass(frozen=True)
class Run:
    """What the steps work with. `gone_nodes` are hosts whose disks no longer exist, on the operator's word."""

    client: Client
    settings: Settings
    registry: Registry
    keys: KeyRing
    gone_nodes: tuple[str, ...] = ()

    def target(self, request: Request) -> Target:
        target = unseal(Vault(self.keys), request.tenant_id, request.request_id, request.requested_at, request.sealed_subject)
        return replace(target, is_hidden="hidden_at" in request.progress)


def receive(run: Run, request: Request) -> Request:
    """Look before touching anything: holds, tables nobody knows, how much would match. Then keep the person out."""
    target = run.target(request)
    require_no_hold(run.client, target)
    require_known_tables(run.client, run.registry)
    matched = require_proportion(run, target, request.allowed_proportion)
    suppressed(run, target)
    return save(run.client, request, state="suppressed", progress=request.progress | {"matched": matched, "attempt": 1})


def begin(run: Run, request: Request) -> Request:
    """Give the loaders a moment to acknowledge, so that nothing of the person arrives behind the deletion."""
    deadline = time.monotonic() + ACK_SECONDS
    while time.monotonic() < deadline:
        said = nodes(run.client, request.request_id, run.gone_nodes)
        if all(node["acknowledged_at"] for node in said.values()):
            break
        time.sleep(0.5)
    return save(run.client, request, state="erasing")


def erase(run: Run, request: Request) -> Request:
    """Hide the person everywhere, then take what is hidden out of the parts."""
    target = suppressed(run, run.target(request))
    require_no_hold(run.client, target)
    present = physical_tables(run.client)
    request = _count_once(run, request, target, present)
    tables = [table for table in run.registry.changed() if table.name in present]
    books = _hide_all(run, request, target, [table for table in tables if table.database in EXTRACTED], present)
    with single_writer(run.settings.data_dir):
        dropped = drop_leftovers(run.client, run.registry)
        books |= _hide_all(run, request, target, [table for table in tables if table.database not in EXTRACTED], present)
    hidden_at = server_now(run.client)
    for table in tables:
        purge(run.client, table)
    request = get_request(run.client, request.request_id)  # hiding has saved progress
    done = {
        "books": request.progress.get("books") or books,
        "dropped": [*request.progress.get("dropped", []), *dropped],
        "hidden_at": request.progress.get("hidden_at") or hidden_at.isoformat(),
        "purged_at": server_now(run.client).isoformat(),
    }
    return save(run.client, request, state="verifying", progress=request.progress | done)


def verify(run: Run, request: Request) -> Request:
    """Count survivors, wait for old parts and spools, and close the request with its report.

    Raises SurvivorsError, UncountedError, UnknownTableError, DetachedPartsError.
    """
    target = suppressed(run, run.target(request))
    require_known_tables(run.client, run.registry)
    said = nodes(run.client, request.request_id, run.gone_nodes)
    present = physical_tables(run.client)
    surviving = count_person(run.client, run.registry, target, run.keys, present)
    if any(surviving.values()):
        return _again(run, request, surviving)
    purged_at = datetime.fromisoformat(request.progress["purged_at"])
    parts = parts_left(run.client, surviving, purged_at)
    waiting = [f"{name}: {sum(left.values())} old parts" for name, left in parts.items()]
    waiting += [f"node {node}: acknowledgement" for node, ack in said.items() if not ack["acknowledged_at"]]
    waiting += [f"node {node}: spool" for node, ack in said.items() if ack["acknowledged_at"] and not ack["spool_clean_at"]]
    if waiting:
        for table in run.registry.changed():
            if parts.get(table.name, {}).get("masked_parts"):
                purge(run.client, table)
        return (
            request
            if request.progress.get("waiting") == waiting
            else save(run.client, request, progress=request.progress | {"waiting": waiting})
        )
    return _close(run, request, surviving, said)


STEPS: dict[str, Callable[[Run, Request], Request]] = {
    "received": receive,
    "suppressed": begin,
    "erasing": erase,
    "verifying": verify,
}


def suppressed(run: Run, target: Target) -> Target:
    """The person on the list (again, where somebody lifted it), with the tombstones that stand for her."""
    tombstones = suppress(
        run.client,
        target.tenant_id,
        customer_pids=target.customer_pids,
        anonymous_ids=target.anonymous_ids,
        until=target.until,
        request_id=target.request_id,
    )
    return target.with_tombstones(tombstones)


def require_no_hold(client: Client, target: Target) -> None:
    """Raise HeldError naming the first hold that binds the tenant or the person."""
    bound = {"", target.subject_hash, *target.customer_hashes()}
    holds = [hold for hold in held(client, target.tenant_id) if hold.subject_hash in bound]
    if holds:
        raise HeldError(f"A legal hold forbids deleting ({holds[0]}): lift it (`gxy retention release`), then `gxy erase retry`.")


def require_proportion(run: Run, target: Target, allowed: float) -> dict[str, int]:
    """Rows that match, by table. Raises ProportionError when they are too large a part of one."""
    present = physical_tables(run.client)
    matched = count_person(run.client, run.registry, target, run.keys, present)
    tables = {table.name: table for table in run.registry.tables}
    for name, rows in matched.items():
        total = count_rows(run.client, tables[name])
        if rows > max(run.registry.guard.floor_rows, total * allowed):
            raise ProportionError(
                f"{rows} of the {total} rows of {name} match, more than {allowed:.2%}: that is hardly one person. Look with "
                f"`gxy erase show {target.request_id}`; if it is right, `gxy erase retry {target.request_id} --allow-proportion "
                f"{min(1.0, rows / max(total, 1) + 0.01):.2f}`."
            )
    return matched


def _count_once(run: Run, request: Request, target: Target, present: set[str]) -> Request:
    """What this attempt is about to erase, kept before it does: a run that was killed in between knows it too."""
    key = str(request.progress["attempt"])
    if key in request.progress.get("counted", {}):
        return request
    counted = count_person(run.client, run.registry, target, run.keys, present)
    kept = request.progress.get("counted", {}) | {key: counted}
    return save(run.client, request, progress=request.progress | {"counted": kept})


def _hide_all(
    run: Run, request: Request, target: Target, tables: Iterable[Table], present: set[str]
) -> dict[str, list[dict[str, str]]]:
    tables = list(tables)
    names = {table.name for table in tables}
    if "marts.fct_orders" in names:
        names |= present & {"marts.sales_daily"}
    before = read_books(run.client, target, names)
    for table in tables:
        if table.counted_as:
            request = delete_counted(run.client, request, table, target)
        elif table.treatment == "sessions":
            hide_sessions(run.client, run.settings, run.registry, table, target, present)
        elif table.treatment == "letters":
            hide_letters(run.client, target, run.keys)
        else:
            hide(run.client, table, target)
    require_same(before, read_books(run.client, target, names))
    return before


def _again(run: Run, request: Request, surviving: dict[str, int]) -> Request:
    """Rows that came while the loaders did not yet know: another attempt, up to ATTEMPTS."""
    attempt = request.progress["attempt"]
    if attempt >= ATTEMPTS:
        left = ", ".join(f"{rows} in {name}" for name, rows in surviving.items() if rows)
        raise SurvivorsError(
            f"Rows of the person are there after {attempt} attempts ({left}): something writes them past the suppression list. "
            "Stop it, then `gxy erase retry`."
        )
    return save(run.client, request, state="erasing", progress=request.progress | {"attempt": attempt + 1})


def _close(run: Run, request: Request, surviving: dict[str, int], said: dict[str, dict[str, str]]) -> Request:
    report = build_report(run.client, run.registry, request, surviving, said, run.gone_nodes, datetime.now(UTC))
    digest = hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
    record(
        run.client,
        "erasure.done",
        tenant_id=request.tenant_id,
        subject=request.subject_hash[:16],
        reason=request.reason,
        rows=sum(table["erased"] for table in report["tables"].values()),
        details={"request_id": str(request.request_id), "report_sha256": digest},
    )
    progress = {key: value for key, value in request.progress.items() if key != "waiting"}
    closed = save(run.client, request, state="done", sealed_subject="", report=report, progress=progress)
    # Earlier versions of the row hold the sealed ids: the merge leaves the newest alone.
    run.client.command("optimize table governance.privacy_requests final")
    return closed
