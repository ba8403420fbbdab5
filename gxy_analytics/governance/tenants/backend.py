"""The backend's own row of a tenant: found by slug, or created where this account may write.

The warehouse's side of a tenant is in `tenants`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pymysql

from gxy_analytics.errors import GxyError
from gxy_analytics.extraction.connections import connect_oltp

FIND = "select id, name, plan, country, currency, timezone, status from tenants where slug = %s"
CREATE = (
    "insert into tenants (slug, name, plan, country, currency, timezone, status, created_at, updated_at) "
    "values (%s, %s, %s, %s, %s, %s, 'active', %s, %s)"
)
# Table access denied, column access denied, server is read-only, read-only transaction.
MYSQL_READ_ONLY = (1142, 1143, 1290, 1792, 1836)
MYSQL_DUPLICATE = 1062


class BackendReadOnlyError(GxyError):
    """The tenant is not in the backend and cannot be created there from here."""


class BackendSchemaError(GxyError):
    """The backend has no table `tenants` of the expected shape."""


@dataclass(frozen=True)
class TenantDetails:
    """What a tenant is, as the backend's row says it."""

    slug: str
    name: str
    plan: str
    country: str
    currency: str
    timezone: str
    status: str = "active"


@dataclass(frozen=True)
class BackendTenant:
    """A row of the backend; `adopted` when it was there before."""

    oltp_id: int
    details: TenantDetails
    adopted: bool


def find_or_create_tenant(oltp_url: str, wanted: TenantDetails) -> BackendTenant:
    """Return the row with the slug of `wanted`, created from `wanted` when there is none.

    Raises SourceUnreachableError, and BackendReadOnlyError where the row is missing and this account may not write.
    """
    with connect_oltp(oltp_url) as connection, connection.cursor() as cursor:
        try:
            row = _find(cursor, wanted.slug)
            if row:
                return BackendTenant(row[0], _details(wanted.slug, row), adopted=True)
            _create(cursor, wanted)
            created = _find(cursor, wanted.slug)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, pymysql.err.ProgrammingError) as error:
            raise BackendSchemaError(
                "The backend's table `tenants` is missing or differs from docs/reference/oltp.md: run the backend's migrations."
            ) from error
    assert created is not None, "it was inserted above"  # noqa: S101
    return BackendTenant(created[0], wanted, adopted=False)


def _find(cursor: psycopg.Cursor | pymysql.cursors.Cursor, slug: str) -> tuple | None:
    cursor.execute(FIND, (slug,))
    row: tuple | None = cursor.fetchone()
    return row


def _create(cursor: psycopg.Cursor | pymysql.cursors.Cursor, wanted: TenantDetails) -> None:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    values = (wanted.slug, wanted.name, wanted.plan, wanted.country or None, wanted.currency, wanted.timezone, now, now)
    try:
        cursor.execute(CREATE, values)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise _read_only(wanted.slug) from error
    except psycopg.errors.UniqueViolation:
        return  # another `gxy tenant add` was faster: its row is as good
    except pymysql.err.Error as error:
        code = error.args[0] if error.args else None
        if code in MYSQL_READ_ONLY:
            raise _read_only(wanted.slug) from error
        if code != MYSQL_DUPLICATE:
            raise


def _read_only(slug: str) -> BackendReadOnlyError:
    return BackendReadOnlyError(
        f"Tenant '{slug}' is not in the backend, and this account may only read there: "
        "create the tenant in the backend first, then run this again."
    )


def _details(slug: str, row: tuple) -> TenantDetails:
    _, name, plan, country, currency, timezone, status = row
    return TenantDetails(slug, name, plan, (country or "").strip(), currency, timezone, status)
