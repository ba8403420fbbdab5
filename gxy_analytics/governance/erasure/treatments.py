"""What is done in a table: its rows counted, hidden from every reader, and then taken out of its parts.

Each step can be repeated. Sessions and dead letters have modules of their own; the order of the steps belongs to `run`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.predicates import predicate, quoted, tombstone_of
from gxy_analytics.governance.erasure.registry import Registry, Table
from gxy_analytics.governance.erasure.sql import filled
from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.warehouse.client import read_sql

SYNC = {"mutations_sync": 2, "lightweight_deletes_sync": 2}
"""Return when the mutation is done, on every replica."""


def physical_tables(client: Client) -> set[str]:
    """Names (database.table) of the tables that hold rows, views left out."""
    return {f"{database}.{name}" for database, name in client.query(read_sql(__package__, "physical_tables.sql")).result_rows}


def count_rows(client: Client, table: Table) -> int:
    """Rows of the table, of all tenants."""
    return _number(client, filled("count_rows", table=quoted(table)), {})


def count_matches(client: Client, table: Table, target: Target) -> int:
    """Rows that are the person's."""
    return _number(client, filled("count_matches", table=quoted(table), rows=predicate(table)), target.parameters())


def hide(client: Client, table: Table, target: Target) -> None:
    """Take the person out of what every reader sees, by the table's treatment."""
    where = predicate(table)
    if table.treatment == "delete":
        sql = filled("delete_rows", table=quoted(table), rows=where)
    else:
        changes = [f"{quote_identifier(column)} = ''" for column in table.empties]
        if table.treatment == "tombstone":
            (column,) = table.customer
            changes.insert(0, f"{quote_identifier(column)} = {tombstone_of(column)}")
        sql = filled("update_rows", table=quoted(table), changes=", ".join(changes), rows=where)
    client.command(sql, parameters=target.parameters(), settings=SYNC)


def purge(client: Client, table: Table) -> None:
    """Write the parts that only mask their deleted rows anew, without them."""
    parameters = {"database": table.database, "table": table.table}
    if _number(client, read_sql(__package__, "masked_parts.sql"), parameters):
        client.command(filled("apply_mask", table=quoted(table)), settings=SYNC)


def account_for(client: Client, table: Table, target: Target, request_id: UUID, attempt: int) -> int:
    """Count the rows that are about to be deleted into governance.erased_rows, once an attempt; return how many.

    The ledger of what was inserted then still adds up. The rows carry no request: when somebody shopped is not kept.
    """
    (column, *_) = table.times
    rows = client.query(
        filled("count_buckets", table=quoted(table), time=quote_identifier(column), rows=predicate(table)),
        parameters=target.parameters(),
    ).result_rows
    if rows:
        client.insert(
            "erased_rows",
            [[target.tenant_id, table.counted_as, bucket, erased] for bucket, erased in rows],
            column_names=["tenant_id", "source", "bucket_at", "erased"],
            database="governance",
            settings={"insert_deduplication_token": f"{request_id}:{table.name}:{attempt}", "async_insert": 0},
        )
    return sum(int(erased) for _, erased in rows)


def drop_leftovers(client: Client, registry: Registry) -> list[str]:
    """Drop half-built copies of killed builds. Call it while no build runs. Returns their names."""
    dropped = []
    for leftovers in registry.leftovers:
        parameters = {"database": leftovers.database, "prefix": leftovers.prefix}
        for (name,) in client.query(read_sql(__package__, "leftovers.sql"), parameters=parameters).result_rows:
            client.command(filled("drop_table", table=f"{quote_identifier(leftovers.database)}.{quote_identifier(name)}"))
            dropped.append(f"{leftovers.database}.{name}")
    return dropped


def _number(client: Client, sql: str, parameters: dict[str, Any]) -> int:
    return int(client.query(sql, parameters=parameters).result_rows[0][0])
