"""The demo's logins: every shop may log in to ClickHouse as itself. What a login may do is `governance.access`'s."""

from __future__ import annotations

from collections.abc import Sequence

from gxy_analytics.governance.access import logins
from gxy_analytics.governance.access.access import AccessNotAppliedError, NoAccessStorageError
from gxy_analytics.governance.access.restarting import NotRestartedError
from gxy_analytics.settings import Settings


def open_logins(settings: Settings, slugs: Sequence[str]) -> str:
    """Open the shops' logins; return one line on how to use one. A server of somebody's that has no roles is left as it is."""
    try:
        user = logins.open_logins(settings, slugs)[0].user
    except (AccessNotAppliedError, NoAccessStorageError, NotRestartedError) as error:
        return f"The shops have no logins yet: {error}"
    return (
        f"Log in to ClickHouse as {user}, who sees that shop's rows of marts and no other's: "
        f"`gxy access password {slugs[0]}` prints the password."
    )
