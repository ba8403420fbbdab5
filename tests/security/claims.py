"""A client of the native protocol that calls its query a part of somebody else's: as a server does that shares out a query.

Nothing on the wire proves it. What `currentUser()` says is then whom the client names, and no longer who logged in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from unittest import mock

from clickhouse_driver import connection
from clickhouse_driver.clientinfo import ClientInfo
from target import Answer, Target

Run = Callable[..., Answer]


def claiming(target: Target, claimed: str) -> Run:
    """What runs a statement as a user (as `Target.native` does) who says that `claimed` began it."""
    return partial(_run, target, claimed)


def _run(target: Target, claimed: str, user: str, sql: str, settings: Mapping[str, str] | None = None) -> Answer:
    class Claim(ClientInfo):
        def write(self, server_revision: int, fout: Any) -> None:
            self.query_kind = ClientInfo.QueryKind.SECONDARY_QUERY
            self.initial_user = claimed
            self.initial_address = "127.0.0.1:0"
            super().write(server_revision, fout)

    with mock.patch.object(connection, "ClientInfo", Claim):
        return target.native(user, sql, settings)
