"""A removed tenant in the spools of the nodes: the list of suppressions tells loaders to clear them and to store nothing of it.

They acknowledge it there. A loader deletes every loaded segment with records from before the mark, whoever's they are: see
`ingest_service.loader`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.suppressions import FOR_GOOD, suppress_tenant
from gxy_analytics.warehouse.client import read_sql

NODE_DAYS = 7  # a node that loaded nothing for longer is not waited for: what it has is dropped when it comes back
LIST_SECONDS = 12.0  # a loader reads its list every 10 s
POLL_SECONDS = 1.0


def working_nodes(client: Client) -> list[str]:
    """Names of the nodes whose spools are to be cleared."""
    rows = client.query(read_sql(__package__, "nodes.sql"), parameters={"days": NODE_DAYS}).result_rows
    return [str(node) for (node,) in rows]


def mark(client: Client, tenant_id: str, removal_id: UUID) -> None:
    """Ask every loader to clear what it received so far, and to store nothing of the tenant from now on.

    It stays when the tenant is removed: a loader that comes back after months loads nothing of it either.
    """
    suppress_tenant(client, tenant_id, until=FOR_GOOD, request_id=removal_id)


def readmit(client: Client, tenant_id: str, removal_id: UUID) -> None:
    """Let what is received from now on be stored again; returns when every loader knows."""
    suppress_tenant(client, tenant_id, until=datetime.now(UTC), request_id=removal_id)
    if working_nodes(client):
        time.sleep(LIST_SECONDS)


def clean_nodes(client: Client, removal_id: UUID) -> dict[str, str]:
    """When each node said that its spool is clear, RFC 3339; those that have not said so are left out."""
    rows = client.query(read_sql(__package__, "clean_nodes.sql"), parameters={"request_id": str(removal_id)}).result_rows
    return {str(node): cleared.replace(tzinfo=UTC).isoformat(timespec="milliseconds") for node, cleared in rows}


def unclean_nodes(client: Client, removal_id: UUID, nodes: Iterable[str], *, wait_seconds: float = 0) -> list[str]:
    """The nodes that have not said so yet, after waiting at most this long for them."""
    deadline = time.monotonic() + wait_seconds
    while True:
        left = sorted(set(nodes) - set(clean_nodes(client, removal_id)))
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(POLL_SECONDS)
