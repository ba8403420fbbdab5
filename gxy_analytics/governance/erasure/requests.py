"""The queue: governance.privacy_requests and every change of state in governance.privacy_request_states.

What a state asks for belongs to `run`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.warehouse.client import read_sql

KIND = "erasure"
OPEN = ("received", "suppressed", "erasing", "verifying")
STATES = (*OPEN, "done", "failed")
COLUMNS = (
    "tenant_id",
    "request_id",
    "kind",
    "subject_hash",
    "sealed_subject",
    "state",
    "requested_at",
    "requested_by",
    "reason",
    "allowed_proportion",
    "progress",
    "report",
    "error",
    "changed_at",
)


class UnknownRequestError(GxyError):
    """There is no such request."""


@dataclass(frozen=True)
class Request:
    """One request as it stands. `progress` is what the steps found so far; the person is in `sealed_subject` alone."""

    tenant_id: str
    request_id: UUID
    subject_hash: str
    sealed_subject: str
    state: str
    requested_at: datetime
    requested_by: str
    reason: str
    allowed_proportion: float
    progress: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    changed_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def save(client: Client, request: Request, **changes: Any) -> Request:
    """Write the request with `changes` as its newest version, and the state where it is another one."""
    now = datetime.now(UTC)
    version = max(now, request.changed_at + timedelta(milliseconds=1))
    is_new = request.changed_at.year == 1970 or changes.get("state", request.state) != request.state
    changed = replace(request, **changes, changed_at=version)
    values = {name: getattr(changed, name) for name in COLUMNS if name != "kind"}
    values |= {"kind": KIND, "progress": json.dumps(changed.progress), "report": _encoded(changed.report)}
    client.insert("privacy_requests", [[values[name] for name in COLUMNS]], column_names=COLUMNS, database="governance")
    if is_new:
        client.insert(
            "privacy_request_states",
            [[changed.tenant_id, changed.request_id, changed.state, version]],
            column_names=["tenant_id", "request_id", "state", "changed_at"],
            database="governance",
        )
    return changed


def get_request(client: Client, request_id: UUID) -> Request:
    """The request of that id. Raises UnknownRequestError."""
    found = _select(client, request_id=str(request_id))
    if not found:
        raise UnknownRequestError(f"There is no request {request_id}: see `gxy erase list`.")
    return found[0]


def list_requests(client: Client, tenant_id: str = "", *, only_open: bool = False) -> list[Request]:
    """Requests, the newest first; of one tenant, or only those that are not finished."""
    return [request for request in _select(client, tenant_id=tenant_id) if request.is_open or not only_open]


def states(client: Client, request: Request) -> list[dict[str, str]]:
    """Every state the request had, with its instant (ISO, UTC), in order."""
    parameters = {"tenant_id": request.tenant_id, "request_id": str(request.request_id)}
    rows = client.query(read_sql(__package__, "states.sql"), parameters=parameters).result_rows
    return [{"state": state, "at": _aware(at).isoformat(timespec="milliseconds")} for state, at in rows]


def _select(client: Client, *, tenant_id: str = "", request_id: str = "") -> list[Request]:
    parameters = {"tenant_id": tenant_id, "request_id": request_id, "kind": KIND}
    rows = client.query(
        read_sql(__package__, "requests.sql"), parameters=parameters, column_formats={"subject_hash": "string"}
    ).named_results()
    return [_request(row) for row in rows]


def _request(row: dict[str, Any]) -> Request:
    values = {name: row[name] for name in COLUMNS if name != "kind"}
    values |= {"progress": json.loads(row["progress"] or "{}"), "report": json.loads(row["report"] or "{}")}
    return Request(**values | {name: _aware(row[name]) for name in ("requested_at", "changed_at")})


def _encoded(report: dict[str, Any]) -> str:
    return json.dumps(report, sort_keys=True) if report else ""


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
