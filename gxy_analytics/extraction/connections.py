"""Opening the backend's database for a few rows, by URL: PostgreSQL (psycopg) or MySQL/MariaDB (pymysql).

Only connecting and its errors belong here; reading whole tables is in `postgres` and `mysql`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pymysql

from gxy_analytics.errors import GxyError, SourceRefusedError, SourceUnreachableError

POSTGRES_SCHEMES = ("postgresql", "postgres")
MYSQL_SCHEMES = ("mysql", "mariadb")
CONNECT_SECONDS = 10
REFUSED_LOGIN, REFUSED_LOGIN_CODES = "28", (1044, 1045)
"""Class of SQLSTATE and codes of MySQL: a wrong password, a user that may not enter the database."""
REFUSED_QUERY, REFUSED_QUERY_CODES = ("22", "42"), (1054, 1142, 1143, 1146, 1264, 1305, 1366)
"""The same: no permission, no such table or column, a column of another type than the query expects."""


class UnknownDialectError(GxyError):
    """The OLTP URL names a database that is neither PostgreSQL nor MySQL/MariaDB."""


def is_postgres(url: str) -> bool:
    """Whether `url` names PostgreSQL (True) or MySQL/MariaDB (False). Raises UnknownDialectError for anything else."""
    scheme = urlsplit(url).scheme.split("+")[0]
    if scheme in POSTGRES_SCHEMES:
        return True
    if scheme in MYSQL_SCHEMES:
        return False
    raise UnknownDialectError(f"GXY_OLTP_URL starts with {scheme!r}: use postgresql:// or mysql://.")


def unreachable(url: str, cause: Exception) -> SourceUnreachableError:
    """The error for a source that does not answer, or refuses what it is asked; without the URL's password."""
    parts = urlsplit(url)
    place = f"{parts.hostname or 'the local socket'}:{parts.port or 'default port'}{parts.path}"
    reason = str(cause).strip().splitlines()[0][:200] if str(cause).strip() else type(cause).__name__
    state = getattr(cause, "sqlstate", None) or ""
    code = next(iter(cause.args), None)
    if state.startswith(REFUSED_QUERY) or code in REFUSED_QUERY_CODES:
        return SourceRefusedError(
            f"The backend's database at {place} refused a query ({reason}): let the user of GXY_OLTP_URL select from the table, "
            "and compare its columns with docs/reference/oltp.md. Nothing was changed in the warehouse."
        )
    kind = SourceRefusedError if state.startswith(REFUSED_LOGIN) or code in REFUSED_LOGIN_CODES else SourceUnreachableError
    return kind(
        f"The backend's database does not answer at {place} ({reason}): check GXY_OLTP_URL and the network, "
        "or start one with `gxy up`. Nothing was changed in the warehouse."
    )


def connect_postgres(url: str) -> psycopg.Connection[Any]:
    """Open PostgreSQL with autocommit. Raises SourceUnreachableError."""
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        raise unreachable(url, error) from error


def connect_mysql(url: str, **options: Any) -> pymysql.connections.Connection[Any]:
    """Open MySQL/MariaDB with autocommit and a UTC session. Raises SourceUnreachableError.

    `mysql://user:password@host:3306/database`, or `?unix_socket=/path` instead of host and port.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    try:
        return pymysql.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or ""),
            database=parts.path.lstrip("/") or None,
            unix_socket=query["unix_socket"][0] if "unix_socket" in query else None,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            init_command="set time_zone = '+00:00'",
            **options,
        )
    except pymysql.err.OperationalError as error:
        raise unreachable(url, error) from error


def connect_oltp(url: str) -> psycopg.Connection[Any] | pymysql.connections.Connection[Any]:
    """Open either database; both take `%s` placeholders."""
    return connect_postgres(url) if is_postgres(url) else connect_mysql(url)
