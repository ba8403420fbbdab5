"""Asking for an erasure and working the queue off: `request_erasure`, `process`, `process_open`, `retry`, `preview`.

One run at a time on a data directory. A run that is killed is taken up where it stood: the state says what is next.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import os_user, record
from gxy_analytics.governance.erasure.errors import ErasureError
from gxy_analytics.governance.erasure.registry import Registry, load_registry
from gxy_analytics.governance.erasure.requests import Request, get_request, list_requests, save
from gxy_analytics.governance.erasure.steps import STEPS, Run, require_no_hold
from gxy_analytics.governance.erasure.target import Target, seal
from gxy_analytics.governance.erasure.treatments import count_rows, physical_tables
from gxy_analytics.governance.erasure.verification import count_person, require_known_tables
from gxy_analytics.governance.subjects.subjects import Subject, find_subject
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.single_writer import exclusive

TEXTS = ("email", "phone")
"""Values of the vault that are looked for in dead letters."""


def request_erasure(
    client: Client,
    settings: Settings,
    tenant_id: str,
    *,
    customer_id: str | int | None = None,
    email: str | None = None,
    customer_pid: str | None = None,
    anonymous_id: str | None = None,
    reason: str,
    requested_by: str | None = None,
    allowed_proportion: float | None = None,
) -> Request:
    """Put the person that exactly one identity names into the queue. An open request about the same person is returned instead.

    `requested_by` defaults to the account of the operating system, `allowed_proportion` (0 to 1) to the registry's.
    Raises InvalidSubjectError, NoSuchSubjectError, HeldError, MissingMasterKeyError, OtherMasterKeyError, VaultError.
    """
    run = open_run(client, settings)
    identity = {"customer_id": customer_id, "email": email, "customer_pid": customer_pid, "anonymous_id": anonymous_id}
    with exclusive(settings.data_dir / "run" / "erasure-queue.lock"):
        target, subject = _target(run, tenant_id, identity, reason)
        require_no_hold(client, target)
        for request in list_requests(client, tenant_id, only_open=True):
            if request.subject_hash == target.subject_hash:
                return request
        asked_by = requested_by or os_user()
        record(
            client,
            "erasure.received",
            tenant_id=tenant_id,
            subject=target.subject_hash[:16],
            reason=reason,
            details={"request_id": str(target.request_id)},
            actor=asked_by,
        )
        request = Request(
            tenant_id=tenant_id,
            request_id=target.request_id,
            subject_hash=target.subject_hash,
            sealed_subject=seal(Vault(run.keys), target),
            state="received",
            requested_at=target.until,
            requested_by=asked_by,
            reason=reason,
            allowed_proportion=run.registry.guard.proportion if allowed_proportion is None else allowed_proportion,
            progress={"shared_browsers": len(subject.shared_ids)},
        )
        return save(client, request)


def preview(
    client: Client, settings: Settings, tenant_id: str, *, reason: str, **identity: str | int | None
) -> dict[str, dict[str, int]]:
    """What an erasure would match now, by table: `rows` of all tenants and `matched`. Raises as `request_erasure`."""
    run = open_run(client, settings)
    target, _ = _target(run, tenant_id, identity, reason)
    require_known_tables(client, run.registry)
    matched = count_person(client, run.registry, target, run.keys, physical_tables(client))
    tables = {table.name: table for table in run.registry.tables}
    return {name: {"rows": count_rows(client, tables[name]), "matched": rows} for name, rows in matched.items()}


def process(client: Client, settings: Settings, request_id: UUID, *, gone_nodes: tuple[str, ...] = ()) -> Request:
    """Take the request as far as it goes now: done, failed, or verifying while old parts or spools are waited for.

    Raises UnknownRequestError; what makes the request fail is in its `error` and not raised.
    """
    run = replace(open_run(client, settings), gone_nodes=gone_nodes)
    with exclusive(settings.data_dir / "run" / "erasure.lock"):
        request = get_request(client, request_id)
        while request.is_open:
            state = request.state
            try:
                request = STEPS[state](run, request)
            except ErasureError as error:
                return _fail(run, request, error)
            if request.state == state:
                break
        return request


def process_open(client: Client, settings: Settings) -> list[Request]:
    """Process every open request, the oldest first. One that cannot go on keeps no other from it: its error is raised last."""
    waiting = sorted(list_requests(client, only_open=True), key=lambda request: request.requested_at)
    done: list[Request] = []
    stuck: list[GxyError | ClickHouseError] = []
    for request in waiting:
        try:
            done.append(process(client, settings, request.request_id))
        except (GxyError, ClickHouseError) as error:
            stuck.append(error)
    if stuck:
        raise stuck[0]
    return done


def retry(client: Client, settings: Settings, request_id: UUID, *, allowed_proportion: float | None = None) -> Request:
    """Put a failed request back where it failed, for `process` to go on. One that did not fail stays as it is."""
    with exclusive(settings.data_dir / "run" / "erasure.lock"):
        request = get_request(client, request_id)
        if request.state != "failed":
            return request
        back = request.progress.get("failed_in", "received")
        # Survivors after the last attempt are another first attempt: whatever wrote them was stopped.
        attempt = {"attempt": request.progress["attempt"] + 1} if back in ("erasing", "verifying") else {}
        return save(
            client,
            request,
            state="erasing" if back == "verifying" else back,
            error="",
            progress=request.progress | attempt,
            allowed_proportion=request.allowed_proportion if allowed_proportion is None else allowed_proportion,
        )


def open_run(client: Client, settings: Settings, registry: Registry | None = None) -> Run:
    """What the steps need. Raises MissingMasterKeyError, UnsafeMasterKeyError."""
    return Run(client, settings, registry or load_registry(), load_key_ring(settings))


def _target(run: Run, tenant_id: str, identity: dict[str, str | int | None], reason: str) -> tuple[Target, Subject]:
    now = datetime.now(UTC)
    subject = find_subject(run.client, run.keys, tenant_id, **identity, reason=reason)  # type: ignore[arg-type]
    values = VaultReader(run.client, run.keys).customers(tenant_id, subject.customer_pids, reason=reason)
    texts = {value for of_one in values.values() for name in TEXTS if (value := of_one.get(name))}
    until = now.replace(microsecond=now.microsecond // 1000 * 1000)
    target = Target(tenant_id, uuid4(), until, subject.customer_pids, subject.anonymous_ids, tuple(sorted(texts)), {})
    return target, subject


def _fail(run: Run, request: Request, error: ErasureError) -> Request:
    record(
        run.client,
        "erasure.failed",
        tenant_id=request.tenant_id,
        subject=request.subject_hash[:16],
        reason=request.reason,
        details={"request_id": str(request.request_id), "error": type(error).__name__},
    )
    # The step may have saved progress before it failed.
    request = get_request(run.client, request.request_id)
    progress = request.progress | {"failed_in": request.state}
    return save(run.client, request, state="failed", error=str(error), progress=progress)
