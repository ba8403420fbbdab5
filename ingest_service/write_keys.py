"""Reading the write keys from ClickHouse, for `auth.KeyRegistry`. What a key is belongs to `gxy_analytics.governance`."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.write_keys import read_active_keys
from gxy_analytics.warehouse.client import connect
from ingest_service.auth import KeyLoader, KeysUnavailableError

TIMEOUT_SECONDS = 5


def clickhouse_keys(url: str) -> KeyLoader:
    """A loader of the active keys over one connection, which is opened anew after a failure."""
    client: Client | None = None

    def load() -> dict[str, str]:
        nonlocal client
        try:
            client = client or connect(url, purpose="ingest write keys", timeout=TIMEOUT_SECONDS)
            return read_active_keys(client)
        except (SourceUnreachableError, ClickHouseError, HTTPError) as error:
            client = None
            raise KeysUnavailableError(f"{error}".splitlines()[0]) from error

    return load
