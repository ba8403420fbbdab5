"""The proof that is kept of an erasure: per table what matched and what is left, parts, nodes, books, times. Nobody is named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.registry import Registry
from gxy_analytics.governance.erasure.requests import Request, states


def build_report(
    client: Client,
    registry: Registry,
    request: Request,
    surviving: dict[str, int],
    nodes: dict[str, dict[str, str]],
    gone_nodes: Iterable[str],
    now: datetime,
) -> dict[str, Any]:
    """The report of a request whose every check has passed."""
    progress = request.progress
    counted = progress["counted"].values()
    tables = {
        table.name: {
            "treatment": table.treatment,
            "matched": progress["matched"].get(table.name, 0),
            "erased": sum(attempt.get(table.name, 0) for attempt in counted),
            "surviving": surviving[table.name],
            "old_parts": 0,
        }
        for table in registry.changed()
        if table.name in surviving
    }
    kept = {
        table.name: table.reason for table in registry.tables if table.treatment in ("retain", "expire", "tombstone", "empty")
    }
    return {
        "request_id": str(request.request_id),
        "tenant_id": request.tenant_id,
        "subject_hash": request.subject_hash,
        "requested_by": request.requested_by,
        "reason": request.reason,
        "erased_up_to": request.requested_at.isoformat(timespec="milliseconds"),
        "states": [*states(client, request), {"state": "done", "at": now.isoformat(timespec="milliseconds")}],
        "attempts": progress["attempt"],
        "hidden_at": progress["hidden_at"],
        "purged_at": progress["purged_at"],
        "tables": tables,
        "absent_tables": sorted(table.name for table in registry.changed() if table.name not in surviving),
        "dropped_leftovers": progress["dropped"],
        "books": {"equal": True, "before_and_after": progress["books"]},
        "shared_browsers": progress.get("shared_browsers", 0),
        "nodes": nodes,
        "gone_nodes": sorted(gone_nodes),
        "files": {place.name: f"{place.treatment}: {place.reason}" for place in registry.files},
        "kept": kept,
    }
