"""Tenants between the backend and the warehouse: slugs by the backend's id, and governance.tenants kept as the backend says.

Adding a tenant by hand belongs to `governance.tenants`.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql


def read_slugs(client: Client) -> dict[int, str]:
    """tenant_id by the backend's tenants.id, of every tenant that was ever extracted."""
    return dict(client.query(read_sql(__package__, "read_slugs.sql")).result_rows)


def publish_tenants(client: Client) -> None:
    """Bring governance.tenants and governance.tenant_timezones up to raw.oltp_tenants.

    A tenant's first zone is valid from 1970-01-01, a changed one from the extraction that found it.
    """
    client.command(read_sql(__package__, "publish_tenants.sql"))
    client.command(read_sql(__package__, "publish_timezones.sql"))
