"""A tenant's login follows the tenant: opened when it is added or resumed, closed when it is suspended or removed, at once.

The tenant's status is written before, by who changes it; which login an active tenant has is `registry`'s, and making a server
follow is `access`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.access.access import Access, Login, open_access
from gxy_analytics.governance.access.accounts import tenant_user
from gxy_analytics.governance.access.restarting import outlast
from gxy_analytics.settings import Settings


class TenantStillActiveError(GxyError):
    """A login was to be closed of a tenant that is active: the next apply would open it again."""


def open_login(settings: Settings, slug: str) -> Login:
    """Open the login of an active tenant and return it; nothing happens when it is open.

    The embedded server starts again for it, about a second, once no build, erasure, retention or replay is under way.
    Raises NoLoginError (not active), AccessNotAppliedError (a full server without the roles), NoAccessStorageError, and
    NotRestartedError when the login counts from the next start on.
    """
    return open_logins(settings, [slug])[0]


def open_logins(settings: Settings, slugs: Sequence[str]) -> list[Login]:
    """`open_login` for several tenants: one start of the embedded server for all of them."""

    def opened() -> list[Login]:
        with open_access(settings) as access:
            logins = [access.login(slug) for slug in slugs]
            follow(access, slugs)
        return logins

    return outlast(settings, opened)


def close_login(settings: Settings, slug: str) -> None:
    """Close the login of a tenant that is no longer active, and end what its user runs; nothing happens when it is closed.

    At once: the embedded server starts again whatever runs on it, and a build that was under way is run again.
    Raises TenantStillActiveError, and what `open_login` raises.
    """

    def closed() -> None:
        with open_access(settings) as access:
            if _is_active(access, slug):
                raise TenantStillActiveError(f"Tenant '{slug}' is active: its login is closed after its status says otherwise.")
            access.follow(slug)

    outlast(settings, closed)


def follow(access: Access, slugs: Sequence[str]) -> None:
    """Bring the logins of these tenants up to their status; the embedded server, which reads all its users at once, all of them.

    Raises what `open_login` raises.
    """
    if access.access_xml is not None and len(slugs) != 1:
        access.apply()
        return
    for slug in slugs:
        access.follow(slug)


def login_is_open(settings: Settings, slug: str) -> bool:
    """Whether the server that answers takes the tenant's login now."""
    with open_access(settings) as access:
        return _is_active(access, slug) and access.plan_of(slug).is_empty


def _is_active(access: Access, slug: str) -> bool:
    user = tenant_user(access.specification, slug)
    return any(account.name == user for account in access.accounts())
