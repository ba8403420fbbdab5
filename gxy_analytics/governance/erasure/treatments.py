"""What is done in a table: its rows counted, hidden from every reader, and then taken out of its parts.

Each step can be repeated. Sessions, dead letters and rows that the ledger counts have modules of their own; the order of the
steps belongs to `run`.
"""

from __future__ import annotations

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.predicates import ASKED, LISTED, predicate, quoted, tombstone_of
from gxy_analytics.governance.erasure.registry import Registry, Table
from gxy_analytics.governance.erasure.row_hashes import hash_again
from gxy_analytics.governance.erasure.sql import SYNC, ask, change, filled
from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.warehouse.client import read_sql


def physical_tables(client: Client) -> set[str]:
    """Names (database.table) of the tables that hold rows, views left out."""
    return {f"{database}.{name}" for database, name in client.query(read_sql(__package__, "physical_tables.sql")).result_rows}


def count_rows(client: Client, table: Table) -> int:
    """Rows of the table, of all tenants."""
    return int(client.query(filled("count_rows", table=quoted(table))).result_rows[0][0])


def count_matches(client: Client, table: Table, target: Target) -> int:
    """Rows that are the person's."""
    sql = filled("count_matches", table=quoted(table), rows=predicate(table, ASKED))
    return int(ask(client, sql, target).result_rows[0][0])


def hide(client: Client, table: Table, target: Target) -> None:
    """Take the person out of what every reader sees, by the table's treatment."""
    where = predicate(table, LISTED)
    if table.treatment == "delete":
        change(client, filled("delete_rows", table=quoted(table), rows=where), target)
        return
    changes = [f"{quote_identifier(column)} = ''" for column in table.empties]
    if table.treatment == "tombstone":
        (column,) = table.customer
        changes.insert(0, f"{quote_identifier(column)} = {tombstone_of(column)}")
    change(client, filled("update_rows", table=quoted(table), changes=", ".join(changes), rows=where), target)
    hash_again(client, table, target)


def purge(client: Client, table: Table) -> None:
    """Write the parts that only mask their deleted rows anew, without them."""
    parameters = {"database": table.database, "table": table.table}
    ((masked,),) = client.query(read_sql(__package__, "masked_parts.sql"), parameters=parameters).result_rows
    if masked:
        client.command(filled("apply_mask", table=quoted(table)), settings=SYNC)


def drop_leftovers(client: Client, registry: Registry) -> list[str]:
    """Drop half-built copies of killed builds. Call it while no build runs. Returns their names."""
    dropped = []
    for leftovers in registry.leftovers:
        parameters = {"database": leftovers.database, "prefix": leftovers.prefix}
        for (name,) in client.query(read_sql(__package__, "leftovers.sql"), parameters=parameters).result_rows:
            client.command(filled("drop_table", table=f"{quote_identifier(leftovers.database)}.{quote_identifier(name)}"))
            dropped.append(f"{leftovers.database}.{name}")
    return dropped
