"""A tenant's login follows the tenant: opened when it is added or resumed, closed when it is suspended or removed, at once.

The tenant's status is written before, by who changes it; which login an active tenant has is `registry`'s, and making a server
follow is `access`'s.
"""

from __future__ import annotations

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.access.access import Access, Login, open_access
from gxy_analytics.governance.access.accounts import tenant_user
from gxy_analytics.settings import Settings


class TenantStillActiveError(GxyError):
    """A login was to be closed of a tenant that is active: the next apply would open it again."""


def open_login(settings: Settings, slug: str) -> Login:
    """Open the login of an active tenant now and return it; nothing happens when it is open.

    The embedded server starts again for it, about a second. Raises NoLoginError (not active), AccessNotAppliedError (a full
    server without the roles), NoAccessStorageError, and NotRestartedError when the login counts from the next start on.
    """
    with open_access(settings) as access:
        login = access.login(slug)
        access.follow(slug)
    return login


def close_login(settings: Settings, slug: str) -> None:
    """Close the login of a tenant that is no longer active, and end what its user runs; nothing happens when it is closed.

    Raises TenantStillActiveError, and what `open_login` raises.
    """
    with open_access(settings) as access:
        if _is_active(access, slug):
            raise TenantStillActiveError(f"Tenant '{slug}' is active: its login is closed after its status says otherwise.")
        access.follow(slug)


def login_is_open(settings: Settings, slug: str) -> bool:
    """Whether the server that answers takes the tenant's login now."""
    with open_access(settings) as access:
        return _is_active(access, slug) and access.plan_of(slug).is_empty


def _is_active(access: Access, slug: str) -> bool:
    user = tenant_user(access.specification, slug)
    return any(account.name == user for account in access.accounts())
