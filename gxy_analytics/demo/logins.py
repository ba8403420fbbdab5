"""The demo's last step: every shop may log in to ClickHouse as itself. What a login may do is `governance.access`'s."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from gxy_analytics.governance.access import logins
from gxy_analytics.governance.access.access import AccessNotAppliedError, NoAccessStorageError
from gxy_analytics.governance.access.restarting import NotRestartedError
from gxy_analytics.settings import Settings


def open_logins(settings: Settings, slugs: Sequence[str], console: Console) -> None:
    """Open the shops' logins and say in one line how to use one; a server of somebody's that has no roles is left as it is."""
    try:
        user = logins.open_logins(settings, slugs)[0].user
    except (AccessNotAppliedError, NoAccessStorageError, NotRestartedError) as error:
        console.print(f"The shops have no logins yet: {error}", highlight=False, soft_wrap=True)
        return
    console.print(
        f"Log in to ClickHouse as {user}, who sees that shop's rows of marts and no other's: "
        f"`gxy access password {slugs[0]}` prints the password.",
        highlight=False,
        soft_wrap=True,
    )
