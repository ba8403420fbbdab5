"""What the write keys grant, read from ClickHouse for `auth.KeyRegistry`. What a key is belongs to `gxy_analytics.governance`."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.tenants.ingest_policy import Grant, InvalidPolicyError
from gxy_analytics.governance.tenants.write_keys import read_grants
from gxy_analytics.warehouse.client import connect
from ingest_service.auth import KeyLoader, KeysUnavailableError

TIMEOUT_SECONDS = 2  # see `auth.REFRESH_SECONDS`: half of what a revocation may take


def clickhouse_keys(url: str) -> KeyLoader:
    """A loader of the active keys' grants over one connection, which is opened anew after a failure."""
    client: Client | None = None

    def load() -> dict[str, Grant]:
        nonlocal client
        try:
            client = client or connect(url, purpose="ingest write keys", timeout=TIMEOUT_SECONDS)
            return read_grants(client)
        except (SourceUnreachableError, ClickHouseError, HTTPError, InvalidPolicyError) as error:
            client = None
            raise KeysUnavailableError(f"{error}".splitlines()[0]) from error

    return load
