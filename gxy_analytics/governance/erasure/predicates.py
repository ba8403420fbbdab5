"""Which rows of a table are a person's, as SQL over the columns that the registry names.

Values are bound (`Target.parameters`): hashes of the person's ids, never the ids.
"""

from __future__ import annotations

from clickhouse_connect.driver.binding import quote_identifier

from gxy_analytics.governance.erasure.registry import Table
from gxy_analytics.governance.erasure.sql import filled

UNTIL = "fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC')"
TENANT = "tenant_id = {tenant_id:String}"


def quoted(table: Table) -> str:
    """database.table for a query."""
    return f"{quote_identifier(table.database)}.{quote_identifier(table.table)}"


def predicate(table: Table) -> str:
    """The rows that the request is about."""
    identities = [_is_in(column, "customer", "customers") for column in table.customer]
    identities += [_is_in(column, "anonymous", "anonymous") for column in table.anonymous]
    times = [f"{quote_identifier(column)} <= {UNTIL}" for column in table.times]
    meant = [_all([_any(identities), _any(times)])] if identities else []
    if table.by_orders:
        meant.append(of_orders())
    parts = [TENANT, _any(meant)]
    if table.treatment == "empty":
        parts.append(_any([f"{quote_identifier(column)} != ''" for column in table.empties]))
    return _all(parts)


def tombstone_of(column: str) -> str:
    """The tombstone in place of a customer_pid."""
    of, instead = "{customers:Array(String)}", "{tombstones:Array(String)}"
    return f"transform({_hash(column, 'customer')}, {of}, {instead}, {quote_identifier(column)})"


def of_orders() -> str:
    """Orders of the person up to the request, whether they have their tombstone already or not."""
    named = _all([_is_in("customer_pid", "customer", "customers"), f"placed_at <= {UNTIL}"])
    return filled("orders_of", rows=_any([named, "has({tombstones:Array(String)}, customer_pid)"])).strip()


def _is_in(column: str, kind: str, parameter: str) -> str:
    return f"{quote_identifier(column)} != '' and has({{{parameter}:Array(String)}}, {_hash(column, kind)})"


def _hash(column: str, kind: str) -> str:
    """As `suppressions.identity_hash`."""
    return f"lower(hex(SHA256(concat(tenant_id, '\\0', '{kind}', '\\0', {quote_identifier(column)}))))"


def _any(conditions: list[str]) -> str:
    return "(" + " or ".join(f"({condition})" for condition in conditions) + ")" if conditions else ""


def _all(conditions: list[str]) -> str:
    return " and ".join(condition for condition in conditions if condition)
