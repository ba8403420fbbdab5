"""Rows of a tenant that are there though it was removed: counted in every table that erasure would empty.

Deleting them, and which tables keep a removed tenant's rows, belongs to `erasure.tenants` and its registry.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.registry import load_registry
from gxy_analytics.governance.erasure.tenants import tenant_tables
from gxy_analytics.warehouse.client import read_sql


def count_rows(client: Client, table: str, tenant_id: str) -> int:
    """Visible rows of the tenant in `database.table`, versions of a row counted one by one."""
    database, _, name = table.partition(".")
    bound = {"database": database, "table": name, "tenant_id": tenant_id}
    return int(client.query(read_sql(__package__, "count_rows.sql"), parameters=bound).first_row[0])


def survivors(client: Client, tenant_id: str) -> dict[str, int]:
    """Rows of the tenant by table, where there are any and there should be none. A table that cannot be counted is an error."""
    names = [table.name for table in tenant_tables(client, load_registry())]
    counted = {name: count_rows(client, name, tenant_id) for name in names}
    return {name: rows for name, rows in counted.items() if rows}
