"""A loader's world with a list of suppressed people, emptied afterwards: loaders of other tests would keep to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from loader_world import PSEUDONYMS, LoaderWorld

from gxy_analytics.governance.suppressions import suppress
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse

UNTIL = datetime(2026, 11, 1, 12, tzinfo=UTC)
BEFORE, AFTER = "2026-11-01T11:59:00Z", "2026-11-01T12:00:01Z"
ACKS = "toString(request_id), acknowledged_at, spool_clean_at"


class SuppressionWorld(LoaderWorld):
    """Suppresses people of its tenant, and tells what the loader made of it."""

    def pid(self, user_id: str) -> str:
        return PSEUDONYMS.customer_pid(self.tenant_id, user_id)

    def suppress(self, *users: str, anonymous: tuple[str, ...] = (), until: datetime = UNTIL) -> UUID:
        request_id = uuid4()
        pids = [self.pid(user) for user in users]
        suppress(self.client, self.tenant_id, customer_pids=pids, anonymous_ids=anonymous, until=until, request_id=request_id)
        return request_id

    def acks(self, request_id: UUID) -> list[tuple[Any, ...]]:
        """node_id and whether its spool is clean, of every node that acknowledged the request."""
        sql = (
            "select node_id, spool_clean_at is not null from governance.suppression_acks final "
            "where request_id = {request:UUID} order by 1"
        )
        rows = self.client.query(sql, parameters={"request": str(request_id)}).result_rows
        return [(node, bool(is_clean)) for node, is_clean in rows]


@contextmanager
def suppression_world(tmp_path: Path, server: EmbeddedClickHouse) -> Iterator[SuppressionWorld]:
    """The world, over a list that is empty before and after."""
    with connect(server.url, purpose="tests") as client:
        _empty(client)
        yield SuppressionWorld(tmp_path, server.url, client)
        _empty(client)


def _empty(client: Any) -> None:
    for table in ("suppressions", "suppression_acks"):
        client.command(f"truncate table governance.{table}")
