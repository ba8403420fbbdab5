"""Which errors pass by themselves: a server that starts again, a connection that broke, a server with too much to do.

Trying again belongs to the caller, and to work that may be done twice.
"""

from __future__ import annotations

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from urllib3.exceptions import HTTPError

from gxy_analytics.errors import GxyError, SourceUnreachableError

BROKEN = (OperationalError, HTTPError, ConnectionError)
"""How the ClickHouse client says that a connection broke, or that nobody answers."""

BUSY = frozenset({202, 241, 252})
"""ClickHouse's TOO_MANY_SIMULTANEOUS_QUERIES, MEMORY_LIMIT_EXCEEDED and TOO_MANY_PARTS."""

REFUSED_STATES = ("28", "42")
"""Classes of SQLSTATE: wrong password or role, no permission."""

REFUSED_CODES = frozenset({1044, 1045, 1054, 1142, 1143, 1146})
"""MySQL's access denied (to the database, the user, a table, a column), unknown column and unknown table."""


class SessionLostError(GxyError):
    """The server started again in the middle of work that needs what it kept for a session."""


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed some seconds later though nobody mended anything."""
    if isinstance(error, SourceUnreachableError):
        return not _is_refusal(error.__cause__)
    if isinstance(error, ClickHouseError) and not isinstance(error, OperationalError):
        return getattr(error, "code", None) in BUSY
    return isinstance(error, (*BROKEN, SessionLostError))


def _is_refusal(cause: BaseException | None) -> bool:
    """Whether a source answered, and said no: a wrong password, a missing permission."""
    state = getattr(cause, "sqlstate", None) or ""
    code = next(iter(getattr(cause, "args", ())), None)
    return state.startswith(REFUSED_STATES) or code in REFUSED_CODES
