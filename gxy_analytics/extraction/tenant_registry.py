"""Tenants between the backend and the warehouse: slugs by the backend's id, and governance.tenants kept as the backend says.

Adding a tenant by hand belongs to `governance.tenants`.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.extraction.source import Source
from gxy_analytics.warehouse.client import read_sql

ANY_TENANT = "select id from tenants limit 1"


class EmptyBackendError(GxyError):
    """The backend has no tenant, though tenants were extracted before: it is another database, or not restored yet."""


def read_slugs(client: Client) -> dict[int, str]:
    """tenant_id by the backend's tenants.id, of every tenant that was ever extracted."""
    return dict(client.query(read_sql(__package__, "read_slugs.sql")).result_rows)


def refuse_empty_backend(source: Source, slugs: dict[int, str]) -> None:
    """Raise EmptyBackendError instead of burying every row of every tenant because the URL names the wrong database."""
    if slugs and not any(batch.num_rows for batch in source.stream(ANY_TENANT)):
        raise EmptyBackendError(
            f"The backend has no tenants, though {len(slugs)} were extracted before: check GXY_OLTP_URL. Nothing was changed."
        )


def publish_tenants(client: Client) -> None:
    """Bring governance.tenants and governance.tenant_timezones up to raw.oltp_tenants.

    A tenant's first zone is valid from 1970-01-01, a changed one from the extraction that found it.
    """
    client.command(read_sql(__package__, "publish_tenants.sql"))
    client.command(read_sql(__package__, "publish_timezones.sql"))
