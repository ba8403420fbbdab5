"""A temporary table whose rows one statement of the server writes on: only where what they replace still stands.

So a row that somebody deletes in the meantime is not brought back. What the table and the statement are is in the callers' SQL.
"""

from __future__ import annotations

from string import Template
from uuid import uuid4

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql

SESSION_SECONDS = 3600
# The same rows are written again by a run that was killed, and are no repetition.
INSERT_SETTINGS = {"insert_deduplicate": 0, "max_partitions_per_insert_block": 0}


class Staging:
    """One session with a temporary table named `staged`, which `create` makes; `identifiers` are filled into every statement."""

    def __init__(self, client: Client, create: str, **identifiers: str) -> None:
        self._client = client
        self._identifiers = identifiers
        self._session = {"session_id": f"staging-{uuid4().hex}", "session_timeout": SESSION_SECONDS}
        self.run(create)

    def put(self, rows: pa.Table) -> None:
        """Make `rows` the content of the table."""
        self.run("empty_staged.sql")
        self._client.insert_arrow("staged", rows, settings=self._session)

    def run(self, name: str) -> None:
        """One statement of the session."""
        sql = Template(read_sql(__package__, name)).substitute(self._identifiers)
        self._client.command(sql, settings={**self._session, **INSERT_SETTINGS})

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.run("drop_staged.sql")
