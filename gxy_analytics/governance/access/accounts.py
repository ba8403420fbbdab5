"""Accounts: which ClickHouse users there should be, and their passwords, derived from the master key and stored nowhere.

What an account may do is its role's, in `specification`; how a server is told of it is in `users_xml` and `server_sql`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.access.specification import Specification
from gxy_analytics.governance.tenants.tenants import SLUG
from gxy_analytics.governance.vault.master_key import derive_tenant_key

TENANT_ROLE = "tenant"
SERVICE_PREFIX = "gxy_"
OURS = re.compile(r"tenant_[a-z0-9-]+|gxy_[a-z0-9_]+")
"""User names that are ours to change or remove; the administrator `gxy` and everybody else's users are not."""
FIRST_GENERATION = 1


class UnsafeSlugError(GxyError):
    """A stored tenant's slug is no DNS label, so that no user can be named after it."""


@dataclass(frozen=True)
class Account:
    """One ClickHouse user. `password` is never written down; `sha256` of it is what a server gets."""

    name: str
    role: str
    password: str = field(repr=False)
    tenant_id: str = ""
    generation: int = FIRST_GENERATION

    @property
    def sha256(self) -> str:
        """64 lower-case hex characters. The password has 256 random bits: it needs neither salt nor stretching."""
        return hashlib.sha256(self.password.encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Tells one password from another and opens nothing: the hash of the hash, 16 hex characters."""
        return hashlib.sha256(self.sha256.encode()).hexdigest()[:16]


def tenant_user(specification: Specification, slug: str) -> str:
    """The user name of a tenant. Raises UnsafeSlugError for anything but a DNS label."""
    if not SLUG.fullmatch(slug):
        raise UnsafeSlugError(
            f"Tenant '{slug}' can have no ClickHouse user: its slug is no DNS label; correct it in the backend."
        )
    return f"{specification.policy.user_prefix}{slug}"


def derive_password(master_key: bytes, user: str, generation: int) -> str:
    """The user's password of that generation: 43 URL-safe characters. Another generation gives another password."""
    key = derive_tenant_key(master_key, user, f"clickhouse-password/{generation}")
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def wanted_accounts(
    specification: Specification, master_key: bytes, slugs: Iterable[str], generations: Mapping[str, int]
) -> list[Account]:
    """Return the accounts there should be, by name: one a service role, one a tenant of `slugs` (the active ones).

    `generations` of users that were rotated, by user name. Raises UnsafeSlugError.
    """
    roles = {f"{SERVICE_PREFIX}{role}": (role, "") for role in specification.service_roles}
    roles |= {tenant_user(specification, slug): (TENANT_ROLE, slug) for slug in slugs}
    accounts = []
    for name, (role, tenant_id) in sorted(roles.items()):
        generation = generations.get(name, FIRST_GENERATION)
        accounts.append(Account(name, role, derive_password(master_key, name, generation), tenant_id, generation))
    return accounts
