"""Tenants: adding one, listing them, giving one a new write key or another policy at the door.

The backend's row wins over options: the warehouse describes a tenant as the backend does, and extraction keeps it so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.tenants.backend import BackendTenant, TenantDetails, find_or_create_tenant
from gxy_analytics.governance.tenants.ingest_policies import change_policy, policy_of
from gxy_analytics.governance.tenants.ingest_policy import IngestPolicy
from gxy_analytics.governance.tenants.write_keys import Kind, create_write_key, list_keys, revoke_key, revoke_keys
from gxy_analytics.warehouse.client import read_sql

# A slug is a DNS label: it names a host, a ClickHouse user and a path, and it never changes.
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
CURRENCY = re.compile(r"[A-Z]{3}")
COUNTRY = re.compile(r"[A-Z]{2}")
DEFAULTS = {"timezone": "UTC", "currency": "EUR", "country": "", "plan": "standard"}


class InvalidTenantError(GxyError):
    """A slug, time zone, currency or country that cannot be."""


class TenantExistsError(GxyError):
    """The tenant already has a write key, or the backend describes it otherwise."""


class UnknownTenantError(GxyError):
    """There is no tenant of that slug."""


class RemovedTenantError(GxyError):
    """The slug is that of a tenant that was removed, or is being removed."""


@dataclass(frozen=True)
class NewTenant:
    """A tenant that was just added. `write_key` is shown here and stored nowhere."""

    tenant_id: str
    slug: str
    oltp_id: int
    name: str
    plan: str
    country: str
    currency: str
    timezone: str
    write_key: str
    adopted: bool


def add_tenant(
    client: Client,
    oltp_url: str,
    slug: str,
    *,
    name: str | None = None,
    timezone: str | None = None,
    currency: str | None = None,
    country: str | None = None,
    plan: str | None = None,
) -> NewTenant:
    """Make `slug` a tenant of backend and warehouse, with one write key; options left out take DEFAULTS.

    A row of that slug in the backend is adopted as it is. Raises InvalidTenantError, TenantExistsError (it has a key already, or
    an option contradicts the backend), RemovedTenantError, BackendReadOnlyError and SourceUnreachableError.
    """
    asked = {"name": name, "timezone": timezone, "currency": currency, "country": country, "plan": plan}
    given = {option: value for option, value in asked.items() if value is not None}
    wanted = TenantDetails(slug, **{"name": slug, **DEFAULTS, **given})
    check_details(wanted)
    _refuse_removed(client, slug)
    if slug in list_keys(client):
        raise TenantExistsError(f"Tenant '{slug}' exists and has a write key: for a new key use `gxy tenant rotate-key {slug}`.")
    row = find_or_create_tenant(oltp_url, wanted)
    _check_adopted(row, given)
    _record(client, row)
    return NewTenant(
        tenant_id=slug,
        slug=slug,
        oltp_id=row.oltp_id,
        name=row.details.name,
        plan=row.details.plan,
        country=row.details.country,
        currency=row.details.currency,
        timezone=row.details.timezone,
        write_key=create_write_key(client, slug),
        adopted=row.adopted,
    )


def check_details(details: TenantDetails) -> None:
    """Raise InvalidTenantError naming the first thing of a tenant that cannot be, and what it should look like."""
    if not SLUG.fullmatch(details.slug):
        raise InvalidTenantError(
            f"'{details.slug}' is no slug: use 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends."
        )
    if details.timezone not in available_timezones():
        raise InvalidTenantError(f"'{details.timezone}' is no time zone: use an IANA name such as Europe/Berlin.")
    if not CURRENCY.fullmatch(details.currency):
        raise InvalidTenantError(f"'{details.currency}' is no currency: use an ISO 4217 code such as EUR.")
    if details.country and not COUNTRY.fullmatch(details.country):
        raise InvalidTenantError(f"'{details.country}' is no country: use an ISO 3166-1 code such as DE.")


def list_tenants(client: Client) -> list[dict[str, Any]]:
    """Return one dict a tenant, by slug, with its active `keys` (see `list_keys`) and their prefixes alone."""
    keys = list_keys(client)
    tenants = list(client.query(read_sql(__package__, "list_tenants.sql")).named_results())
    for tenant in tenants:
        tenant["keys"] = keys.get(tenant["tenant_id"], [])
        tenant["key_prefixes"] = [key["prefix"] for key in tenant["keys"]]
    return tenants


def add_key(client: Client, slug: str, *, kind: Kind = "public") -> str:
    """Return one more write key of the tenant; its other keys stay. Raises UnknownTenantError."""
    _require_known(client, slug)
    return create_write_key(client, slug, kind)


def rotate_write_key(client: Client, slug: str, *, overlap: timedelta = timedelta(), kind: Kind = "public") -> str:
    """Return a new write key; the tenant's other keys of that kind end after `overlap`. Raises UnknownTenantError."""
    _require_known(client, slug)
    revoke_keys(client, slug, after=overlap, kind=kind)
    return create_write_key(client, slug, kind)


def revoke_write_key(client: Client, slug: str, prefix: str) -> None:
    """End the tenant's key of that prefix now. Raises UnknownTenantError, UnknownKeyError."""
    _require_known(client, slug)
    revoke_key(client, slug, prefix)


def set_policy(client: Client, slug: str, changes: dict[str, Any]) -> IngestPolicy:
    """The tenant's policy at the door after `changes` (fields of IngestPolicy). Raises UnknownTenantError, InvalidPolicyError."""
    _require_known(client, slug)
    return change_policy(client, slug, changes) if changes else policy_of(client, slug)


def _require_known(client: Client, slug: str) -> None:
    if slug not in {row["tenant_id"] for row in list_tenants(client)}:
        raise UnknownTenantError(f"There is no tenant '{slug}': see `gxy tenant list`, or add it with `gxy tenant add {slug}`.")


def _refuse_removed(client: Client, slug: str) -> None:
    """Raise RemovedTenantError: events and customers of a former tenant of that name may still be about."""
    states = dict(client.query(read_sql(__package__, "tenant_removal.sql"), parameters={"tenant_id": slug}).result_rows)
    if states.get("open"):
        raise RemovedTenantError(f"Tenant '{slug}' is being removed: `gxy tenant remove {slug} --cancel` keeps it while it can.")
    if states.get("removed"):
        raise RemovedTenantError(
            f"A tenant '{slug}' was removed, and its slug is not used again by accident: choose another one, or say "
            f"`gxy tenant add {slug} --again`."
        )


def _check_adopted(row: BackendTenant, given: dict[str, str]) -> None:
    """An adopted row must be as asked for, and must itself be valid."""
    for option, value in given.items():
        actual = getattr(row.details, option)
        if actual != value:
            raise TenantExistsError(
                f"The backend has tenant '{row.details.slug}' with {option} '{actual}', not '{value}': "
                f"leave --{option} out, or change it in the backend."
            )
    check_details(row.details)


def _record(client: Client, row: BackendTenant) -> None:
    """Write the warehouse's row, and the first time zone, which is valid from 1970-01-01."""
    details = row.details
    client.command(
        read_sql(__package__, "insert_tenant.sql"),
        parameters={
            "tenant_id": details.slug,
            "oltp_id": row.oltp_id,
            "name": details.name,
            "plan": details.plan,
            "country": details.country,
            "currency": details.currency,
            "timezone": details.timezone,
            "status": details.status,
        },
    )
    client.command(
        read_sql(__package__, "insert_first_timezone.sql"), parameters={"tenant_id": details.slug, "timezone": details.timezone}
    )
