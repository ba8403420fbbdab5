"""Opening the source that a URL names. What extraction asks of it is in `source`."""

from __future__ import annotations

from gxy_analytics.extraction.connections import is_postgres
from gxy_analytics.extraction.mysql import MysqlSource
from gxy_analytics.extraction.postgres import PostgresSource
from gxy_analytics.extraction.source import Source


def open_source(url: str) -> Source:
    """Connect to `postgresql://…` or `mysql://…`. Raises SourceUnreachableError and UnknownDialectError."""
    return PostgresSource(url) if is_postgres(url) else MysqlSource(url)
