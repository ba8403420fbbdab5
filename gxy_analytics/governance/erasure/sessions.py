"""Sessions of the person leave marts.fct_sessions; on the days of her browsers, what others (or she, later) did is counted again.

What a session is says dbt's model alone (`session_model`): afterwards the table is what a build of these days makes of the events
that are left. This runs before staged events are deleted: it reads whose they are, and can be repeated from its beginning.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.predicates import ASKED, LISTED, predicate, quoted
from gxy_analytics.governance.erasure.registry import Registry, Table
from gxy_analytics.governance.erasure.session_model import sessions_of
from gxy_analytics.governance.erasure.sql import ask, change, filled
from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.partitions import Window

EVENTS = "staging.stg_web__events"


def hide_sessions(
    client: Client, settings: Settings, registry: Registry, table: Table, target: Target, present: set[str]
) -> None:
    """Replace or delete the sessions that the person has a part in. Raises SessionModelError before anything is deleted."""
    named = filled("delete_rows", table=quoted(table), rows=predicate(table, LISTED))
    if EVENTS not in present:
        change(client, named, target)
        return
    events, asked = _events(registry, LISTED), _events(registry, ASKED)
    span = filled("session_span", events=asked, days=filled("session_days", events=asked))
    ((first, last, others),) = ask(client, span, target).result_rows
    model = sessions_of(Window(first, last), settings) if others else None
    change(client, named, target)
    if model:
        days = filled("session_days", events=events)
        parts = {"columns": model.columns, "sessions": model.sql, "events": events, "days": days}
        change(client, filled("delete_sessions", days=days), target)
        change(client, filled("insert_sessions", **parts), target)


def count_sessions(client: Client, registry: Registry, table: Table, target: Target, present: set[str]) -> int:
    """Sessions that the person has a part in."""
    sql = filled("count_matches", table=quoted(table), rows=predicate(table, ASKED))
    if EVENTS in present:
        sql = filled("count_sessions", sessions=predicate(table, ASKED), events=_events(registry, ASKED))
    return int(ask(client, sql, target).result_rows[0][0])


def _events(registry: Registry, person: str) -> str:
    """Which staged events are the person's."""
    (events,) = [entry for entry in registry.tables if entry.name == EVENTS]
    return predicate(events, person)
