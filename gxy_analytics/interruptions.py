"""Which errors pass by themselves: a server that starts again, a connection that broke, a server with too much to do.

Trying again belongs to the caller, and to work that may be done twice.
"""

from __future__ import annotations

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from urllib3.exceptions import HTTPError

from gxy_analytics.errors import GxyError, SourceRefusedError, SourceUnreachableError

BROKEN = (OperationalError, HTTPError, ConnectionError)
"""How the ClickHouse client says that a connection broke, or that nobody answers."""

BUSY = frozenset({202, 241, 252})
"""ClickHouse's TOO_MANY_SIMULTANEOUS_QUERIES, MEMORY_LIMIT_EXCEEDED and TOO_MANY_PARTS."""


class SessionLostError(GxyError):
    """The server started again in the middle of work that needs what it kept for a session."""


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed some seconds later though nobody mended anything."""
    if isinstance(error, SourceUnreachableError):
        return not isinstance(error, SourceRefusedError)
    if isinstance(error, ClickHouseError) and not isinstance(error, OperationalError):
        return getattr(error, "code", None) in BUSY
    return isinstance(error, (*BROKEN, SessionLostError))
