"""Which rows of a table are a person's, as SQL over the columns that the registry names.

A person is hashes of her ids, never the ids, in a table (kind, identity_hash, tombstone): ASKED in what only reads, LISTED in
what changes rows. A table holds any number of ids; a parameter ends at http_max_field_value_size, 128 KiB or 1,900 ids.

Ids are looked up in arrays, which `transform` hashes. The parts of one mutation share its sets (`in (select ...)`), and sets that
wait for each other never end (tried: a set beside one that contains it): so a mutation has at most one, with none inside it.
"""

from __future__ import annotations

from clickhouse_connect.driver.binding import quote_identifier

from gxy_analytics.governance.erasure.registry import Table
from gxy_analytics.governance.erasure.sql import filled
from gxy_analytics.governance.erasure.target import PERSON

UNTIL = "fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC')"
TENANT = "tenant_id = {tenant_id:String}"
ASKED = PERSON
"""The request's ids, as the query brings them along: what is counted depends on no list."""
LISTED = (
    "(select kind, toString(identity_hash) as identity_hash, tombstone from governance.suppressions "
    "where tenant_id = {tenant_id:String} and request_id = {request_id:UUID})"
)
"""The same ids on the suppression list: a mutation outlives the query that asked for it."""


def quoted(table: Table) -> str:
    """database.table for a query."""
    return f"{quote_identifier(table.database)}.{quote_identifier(table.table)}"


def predicate(table: Table, person: str) -> str:
    """The rows that the request is about."""
    identities = [_is_in(column, "customer", person) for column in table.customer]
    identities += [_is_in(column, "anonymous", person) for column in table.anonymous]
    times = [f"{quote_identifier(column)} <= {UNTIL}" for column in table.times]
    meant = [_all([_any(identities), _any(times)])] if identities else []
    if table.by_orders:
        meant.append(of_orders(person))
    parts = [TENANT, _any(meant)]
    if table.returning:
        (column,) = table.customer
        hashes = {"hash": _hash(column, "customer"), "order_hash": _hash("customer_pid", "customer")}
        parts.append(filled("returned", until=UNTIL, **hashes).strip())
    if table.treatment == "empty":
        parts.append(_any([f"{quote_identifier(column)} != ''" for column in table.empties]))
    return _all(parts)


def tombstone_of(column: str) -> str:
    """The tombstone in place of a customer_pid, for a statement that changes rows."""
    names = {"hash": _hash(column, "customer"), "column": quote_identifier(column), "person": LISTED}
    return filled("tombstone_of", **names).strip()


def of_orders(person: str) -> str:
    """Orders of the person up to the request, whether they have their tombstone already or not."""
    return filled("orders_of", hash=_hash("customer_pid", "customer"), person=person, until=UNTIL).strip()


def _is_in(column: str, kind: str, person: str) -> str:
    return filled("is_in", column=quote_identifier(column), hash=_hash(column, kind), person=person, kind=kind).strip()


def _hash(column: str, kind: str) -> str:
    """As `suppressions.identity_hash`."""
    return f"lower(hex(SHA256(concat(tenant_id, '\\0', '{kind}', '\\0', {quote_identifier(column)}))))"


def _any(conditions: list[str]) -> str:
    return "(" + " or ".join(f"({condition})" for condition in conditions) + ")" if conditions else ""


def _all(conditions: list[str]) -> str:
    return " and ".join(condition for condition in conditions if condition)
