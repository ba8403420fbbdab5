"""A tenant's login as far as it can be brought up to its status now; where it cannot, a sentence says what is left to do.

How a login is opened and closed belongs to `access.logins`.
"""

from __future__ import annotations

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.access.access import AccessNotAppliedError, NoAccessStorageError
from gxy_analytics.governance.access.logins import close_login, open_login
from gxy_analytics.governance.access.registry import NoLoginError
from gxy_analytics.governance.access.restarting import NotRestartedError
from gxy_analytics.governance.vault.master_key import MissingMasterKeyError
from gxy_analytics.settings import Settings

LATER = (AccessNotAppliedError, NoAccessStorageError, NotRestartedError, MissingMasterKeyError, SourceUnreachableError)
"""What keeps a login from following at once, and nothing else: the next `gxy access apply` finds the status."""


def closed_login(settings: Settings, slug: str) -> str:
    """Close the login of a tenant that is no longer active; returns what is left to do, empty when it is closed."""
    try:
        close_login(settings, slug)
    except LATER as error:
        return f"The login is closed with the next `gxy access apply`: {error}"
    return ""


def opened_login(settings: Settings, slug: str) -> str:
    """Open the login of an active tenant; returns what is left to do, empty when it is open: `gxy access password` prints it."""
    try:
        open_login(settings, slug)
    except NoLoginError:
        return "The tenant has no login: it is not active."
    except LATER as error:
        return f"The login opens with the next `gxy access apply`: {error}"
    return ""
