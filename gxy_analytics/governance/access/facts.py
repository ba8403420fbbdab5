"""What kind of ClickHouse server answers: whether it can store users, since when it serves, and who we are there.

What follows from it is decided in `access`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql


@dataclass(frozen=True)
class ServerFacts:
    """`is_writable`: CREATE USER works. `serving_since` (UTC): 1970 for any but the embedded server."""

    is_writable: bool
    operator: str
    serving_since: datetime

    @property
    def is_embedded(self) -> bool:
        return self.serving_since.year > 1970


def read_facts(client: Client) -> ServerFacts:
    """Ask the server. Needs to read system.user_directories and system.processes."""
    row = client.query(read_sql(__package__, "server_facts.sql"), query_tz="UTC", tz_mode="aware").first_item
    return ServerFacts(bool(row["is_writable"]), str(row["operator"]), row["serving_since"])
