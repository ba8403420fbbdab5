"""Is the person gone: rows counted by the predicates that deleted them, parts that held them, spools of the nodes that load.

A count that cannot be taken fails the run. What is done about survivors belongs to `run`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from gxy_analytics.governance.erasure.errors import DetachedPartsError, UncountedError, UnknownTableError
from gxy_analytics.governance.erasure.letters import find_letters
from gxy_analytics.governance.erasure.registry import Registry, Table
from gxy_analytics.governance.erasure.sessions import count_sessions
from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.governance.erasure.treatments import count_matches
from gxy_analytics.governance.vault.master_key import KeyRing, UnknownKeyVersionError
from gxy_analytics.governance.vault.vault import VaultError
from gxy_analytics.warehouse.client import read_sql

IDENTITIES = ("customer_pid", "anonymous_id", "visitor_id", "previous_id")
DATABASES = ("raw", "pii", "staging", "marts", "platform", "features", "governance")
NODE_DAYS = 7
"""A node that loaded something in so many days may still have it in its spool: its word is asked for."""


def count_person(client: Client, registry: Registry, target: Target, keys: KeyRing, present: set[str]) -> dict[str, int]:
    """Rows of the person by table, of every table that erasure changes. Raises UncountedError."""
    counted = {}
    for table in registry.changed():
        if table.name in present:
            try:
                counted[table.name] = _count(client, registry, table, target, keys, present)
            except (ClickHouseError, VaultError, UnknownKeyVersionError) as error:
                raise UncountedError(
                    f"Rows of the person in {table.name} could not be counted; unknown is not zero: see the server's log, then "
                    "`gxy erase retry`."
                ) from error
    return counted


def require_known_tables(client: Client, registry: Registry) -> None:
    """Raise UnknownTableError when a table with a column that names people is not in the registry."""
    parameters = {"databases": list(DATABASES), "columns": list(IDENTITIES)}
    rows = client.query(read_sql(__package__, "tables_with_people.sql"), parameters=parameters).result_rows
    known = {table.name for table in registry.tables}
    left = tuple((leftovers.database, leftovers.prefix) for leftovers in registry.leftovers)
    unknown = [
        f"{database}.{name}"
        for database, name in rows
        if f"{database}.{name}" not in known and not any(database == where and name.startswith(start) for where, start in left)
    ]
    if unknown:
        raise UnknownTableError(
            f"{', '.join(unknown)} names people and is not in the registry of erasure: give it an entry in registry.toml."
        )


def parts_left(client: Client, names: Iterable[str], purged_at: datetime) -> dict[str, dict[str, int]]:
    """Tables that still have bytes of before `purged_at` on disk: replaced parts, masked parts, mutations that run.

    Raises DetachedPartsError.
    """
    parameters = {"tables": list(names), "purged_at": purged_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")}
    rows = client.query(read_sql(__package__, "parts_left.sql"), parameters=parameters).named_results()
    found = {row.pop("name"): {key: int(value) for key, value in row.items()} for row in map(dict, rows)}
    detached = [name for name, counts in found.items() if counts["detached"]]
    if detached:
        raise DetachedPartsError(
            f"{', '.join(detached)} has detached parts, which may hold the person: attach or drop them (system.detached_parts), "
            "then `gxy erase retry`."
        )
    return found


def nodes(client: Client, request_id: UUID, gone: Iterable[str] = ()) -> dict[str, dict[str, str]]:
    """What every loading node says of the request: `acknowledged_at`, `spool_clean_at` (ISO, or empty). `gone` are not asked."""
    parameters = {"request_id": str(request_id), "days": NODE_DAYS}
    rows = client.query(read_sql(__package__, "nodes.sql"), parameters=parameters).result_rows
    return {
        node: {"acknowledged_at": _iso(acknowledged), "spool_clean_at": _iso(clean)}
        for node, acknowledged, clean in rows
        if node not in set(gone)
    }


def server_now(client: Client) -> datetime:
    """The server's clock, which parts are dated by."""
    now: datetime = client.query("select now64(3, 'UTC') as now").result_rows[0][0]
    return now if now.tzinfo else now.replace(tzinfo=UTC)


def _count(client: Client, registry: Registry, table: Table, target: Target, keys: KeyRing, present: set[str]) -> int:
    if table.treatment == "letters":
        return len(find_letters(client, target, keys))
    if table.treatment == "sessions":
        return count_sessions(client, registry, table, target, present)
    return count_matches(client, table, target)


def _iso(instant: Any) -> str:
    return instant.replace(tzinfo=UTC).isoformat(timespec="milliseconds") if instant is not None and instant.year > 1970 else ""
