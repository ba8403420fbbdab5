"""Sessions of the person leave marts.fct_sessions; events of others in them (a shared browser, a later hour) are counted again.

Every staged event is in one session before and after. This runs before staged events are deleted: it reads whose they are.
"""

from __future__ import annotations

from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.predicates import predicate, quoted
from gxy_analytics.governance.erasure.registry import Registry, Table
from gxy_analytics.governance.erasure.sql import filled
from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.governance.erasure.treatments import SYNC

EVENTS = "staging.stg_web__events"
AT_ONCE = 1000
"""Sessions replaced by one statement: an id is 32 characters of a query."""


def hide_sessions(client: Client, registry: Registry, table: Table, target: Target, present: set[str]) -> int:
    """Replace or delete the sessions that the person has a part in; return how many there were."""
    parameters = target.parameters()
    found = _sessions(client, registry, table, parameters, present)
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        ids = {"session_ids": [session for session, _, _ in some], "events": [events for _, events, _ in some]}
        if any(left for _, _, left in some):
            client.command(filled("replace_sessions", events=_events(registry)), parameters=parameters | ids)
        client.command(filled("delete_sessions"), parameters={"tenant_id": target.tenant_id} | ids, settings=SYNC)
    return len(found)


def count_sessions(client: Client, registry: Registry, table: Table, target: Target, present: set[str]) -> int:
    """Sessions that the person has a part in."""
    return len(_sessions(client, registry, table, target.parameters(), present))


def _sessions(
    client: Client, registry: Registry, table: Table, parameters: dict[str, Any], present: set[str]
) -> list[tuple[str, int, int]]:
    """(session_id, events it counts, staged events in it that are not the person's)."""
    if EVENTS in present:
        sql = filled("touched_sessions", sessions=predicate(table), events=_events(registry))
    else:
        sql = filled("named_sessions", table=quoted(table), sessions=predicate(table))
    rows = client.query(sql, parameters=parameters).result_rows
    return [(str(session), int(events), int(left)) for session, events, left in rows]


def _events(registry: Registry) -> str:
    """Which staged events are the person's."""
    (events,) = [entry for entry in registry.tables if entry.name == EVENTS]
    return predicate(events)
