"""Listing acts, newest first, those that wait to be sealed among them. Whether the chain is whole is told by `verification`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def list_acts(
    client: Client, *, tenant: str = "", actor: str = "", action: str = "", since: datetime = BEGINNING, limit: int = 100
) -> list[dict[str, Any]]:
    """Return up to `limit` acts since `since` (UTC), newest first; an empty filter takes everything.

    `action` is whole (`vault.read`) or its beginning (`vault`). `sequence` is 0 for an act that is not sealed yet.
    """
    parameters = {"tenant": tenant, "actor": actor, "action": action, "since": since, "limit": limit}
    acts = list(client.query(read_sql(__package__, "list_acts.sql"), parameters=parameters).named_results())
    for act in acts:
        act["details"] = json.loads(act["details"])
    return acts
