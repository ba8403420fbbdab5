"""Two tenants with rows in every table that has tenants, for the tests of a tenant's life. What is proved is in the tests."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client
from extraction_world import extract
from subject_world import seen

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.erasure.registry import load_registry
from gxy_analytics.governance.erasure.tenants import tenant_tables

FILLED = ("governance.tenant_keys", "governance.tenant_timezones", "governance.reconciliation")
"""Filled otherwise: a comparison of 1970 is over, an empty fingerprint is another master key's, an empty zone another zone."""
MART = "create table marts.fct_orders (tenant_id String, order_id UInt64, note String) engine = MergeTree order by tenant_id"


def extract_everything(source: Source, client: Client) -> dict[str, tuple[str, ...]]:
    """Extract every table of the backend; returns the tenants each skipped."""
    return {name: extract(name, source, client).skipped for name in TABLES}


def fill_everywhere(client: Client, *tenants: str) -> list[str]:
    """A mart, some events, and at least one row of each tenant in every table that a removal empties; returns the tables."""
    client.command("system stop ttl merges")  # a row of nothing but defaults is of 1970
    client.command(MART)
    for tenant in tenants:
        seen(client, tenant, [("browser-1", ""), ("browser-2", "")])
    names = [table.name for table in tenant_tables(client, load_registry())]
    values = ", ".join(f"('{tenant}')" for tenant in tenants)
    for name in names:
        if name not in FILLED:
            client.command(f"insert into {name} (tenant_id) values {values}")
    for tenant in tenants:
        client.command(f"insert into governance.reconciliation (tenant_id, local_date) values ('{tenant}', today())")
    return names


def counts(client: Client, names: list[str], tenant: str) -> dict[str, int]:
    """Rows of the tenant by table, versions of a row counted once."""
    sql = "select count() from {} where tenant_id = '{}' settings final = 1"
    return {name: int(client.query(sql.format(name, tenant)).first_row[0]) for name in names}


def acts(client: Client, tenant: str) -> list[str]:
    """What the audit has of the tenant, in order, without the logins."""
    sql = "select action from governance.audit_entries where tenant_id = {tenant:String} order by occurred_at"
    found = [str(action) for (action,) in client.query(sql, parameters={"tenant": tenant}).result_rows]
    return [action for action in found if action != "access.applied"]
