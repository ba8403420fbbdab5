"""Following the backend's tenants: who is gone enters removal, who comes back before it begins stays; logins follow status.

What the backend says is extracted and published by `extraction`, new tenants and suspended ones with it; nothing is read here a
second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.extraction.tenant_registry import publish_tenants
from gxy_analytics.governance.access.access import open_access
from gxy_analytics.governance.access.logins import follow
from gxy_analytics.governance.lifecycle.logins import LATER
from gxy_analytics.governance.lifecycle.removals import ASKED, BACKEND, HeldError, ask_removal, cancel_removal, list_removals
from gxy_analytics.governance.lifecycle.states import ACTIVE
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql

DELETED = "deleted"
GONE = "gone from the backend"
BACK = "back in the backend"
MOST_GONE = 0.1
"""More of the tenants than this do not leave within an hour: the backend is restored in part, or another one."""
FEW_GONE = 3
"""That many may, however few there are."""
USER = "user tenant_"


class ManyGoneError(GxyError):
    """So many tenants are gone from the backend at once that no removal is asked for."""


@dataclass(frozen=True)
class Followed:
    """What one look at the backend led to, tenants by name. `login_note`: what is left to do for logins, empty for nothing."""

    tenants: int
    stopped: tuple[str, ...]
    leaving: tuple[str, ...]
    came_back: tuple[str, ...]
    held: tuple[str, ...]
    logins_opened: tuple[str, ...] = ()
    logins_closed: tuple[str, ...] = ()
    login_note: str = ""


def follow_backend(client: Client, settings: Settings) -> Followed:
    """Ask for the removal of tenants that are gone, call it off for those that are back, and bring the logins up to it.

    Raises ManyGoneError before anything is asked for.
    """
    publish_tenants(client)
    rows = list(client.query(read_sql(__package__, "backend_view.sql")).named_results())
    gone = [row["tenant_id"] for row in rows if row["backend_status"] == DELETED and not row["is_leaving"]]
    refuse_many(gone, len(rows))
    came_back = _came_back(client, {row["tenant_id"] for row in rows if row["backend_status"] not in ("", DELETED)})
    leaving, held = [], []
    for slug in gone:
        try:
            ask_removal(client, slug, reason=GONE, after=timedelta(days=settings.tenant_removal_days), asked_by=BACKEND)
            leaving.append(slug)
        except HeldError:
            held.append(slug)
    stopped = tuple(row["tenant_id"] for row in rows if row["status"] != ACTIVE)
    return Followed(len(rows), stopped, tuple(leaving), came_back, tuple(held), *follow_logins(settings))


def refuse_many(gone: list[str], tenants: int) -> None:
    """Raise ManyGoneError when more are gone than leave in an hour."""
    if len(gone) > max(FEW_GONE, int(tenants * MOST_GONE)):
        named = ", ".join(gone[:FEW_GONE])
        raise ManyGoneError(
            f"{len(gone)} of {tenants} tenants are gone from the backend ({named}, …): check GXY_OLTP_URL, or restore it. "
            "If they did leave, ask for each with `gxy tenant remove`. Nothing was asked for."
        )


def follow_logins(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Open and close the logins that differ from the tenants' status, all at once; returns which, and what is left to do."""
    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    try:
        with open_access(settings) as access:
            plan = access.plan()
            opened, closed = _tenants(plan.added), _tenants(plan.removed)
            follow(access, (*closed, *opened))
    except LATER as error:
        return opened, closed, f"Logins follow with the next look, or with `gxy access apply`: {error}"
    return opened, closed, ""


def _tenants(objects: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.removeprefix(USER) for name in objects if name.startswith(USER))


def _came_back(client: Client, listed: set[str]) -> tuple[str, ...]:
    """Call off what the mirror itself asked for and has not begun; a removal that a person asked for stays."""
    asked = [one for one in list_removals(client) if one.state == ASKED and one.asked_by == BACKEND and one.tenant_id in listed]
    for removal in asked:
        cancel_removal(client, removal.tenant_id, BACK)
    return tuple(removal.tenant_id for removal in asked)
