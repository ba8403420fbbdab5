"""The graph's world on a server that knows the users of the roles: settings without the administrator, and who ran what.

What the users may do is said in gxy_analytics/governance/access; the tests say what is done as them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client
from graph_world import World, fill

from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import CLICKHOUSE_ROLES, ClickHouseRole, Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import access_file


@dataclass
class RoleWorld:
    """A filled world whose server knows the users of the roles. `admin` is for the tests to look, and to spoil things."""

    world: World
    passwords: dict[str, str]

    @classmethod
    def start(cls, directory: Path) -> RoleWorld:
        world = World.start(directory)
        fill(world)
        master_key = load_master_key(world.settings.master_key_path)
        accounts = wanted_accounts(load_specification(), master_key, [], {})
        write_embedded(access_file(world.clickhouse.directory), load_specification(), accounts)
        world.clickhouse.stop()
        world.clickhouse.start()
        return cls(world, {account.role: account.password for account in accounts})

    def stop(self) -> None:
        self.world.stop()

    def url(self, role: str) -> str:
        return f"http://gxy_{role}:{self.passwords[role]}@127.0.0.1:{self.world.clickhouse.http_port}"

    @property
    def settings(self) -> Settings:
        """The settings of the graph: a URL a role, and none of the administrator."""
        urls = {f"{role}_clickhouse_url": self.url(role) for role in CLICKHOUSE_ROLES}
        return self.world.settings.model_copy(update={**urls, "clickhouse_url": None})

    @contextmanager
    def client(self, role: ClickHouseRole) -> Iterator[Client]:
        with connect(self.settings.clickhouse_as(role), purpose=role) as client:
            yield client

    def admin(self) -> Client:
        return self.world.client()

    def scalar(self, query: str) -> object:
        """The first value of a query, as the administrator."""
        return self.world.scalar(query)

    def workers(self, condition: str) -> set[str]:
        """Who ran such statements."""
        with self.admin() as client:
            client.command("system flush logs")
            sql = f"select distinct user from system.query_log where {condition}"
            return {str(user) for (user,) in client.query(sql).result_rows}

    def refused(self) -> list[tuple[object, ...]]:
        """Queries of the roles' users that the server would not run, with what it said."""
        with self.admin() as client:
            client.command("system flush logs")
            sql = (
                "select distinct user, exception from system.query_log "
                "where exception_code in (164, 452, 497) and user like 'gxy\\_%'"
            )
            return [tuple(row) for row in client.query(sql).result_rows]
