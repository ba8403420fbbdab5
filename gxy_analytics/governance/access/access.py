"""Access to one warehouse: what it lacks, making it so, a tenant's login. Which kind of server it is, is found out here.

The two kinds are in `embedded` and `server`; options and output in `commands`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from gxy_analytics.errors import GxyError, SourceUnreachableError
from gxy_analytics.governance.access import registry
from gxy_analytics.governance.access.accounts import Account
from gxy_analytics.governance.access.embedded import native_port, plan_embedded, write_embedded
from gxy_analytics.governance.access.facts import read_facts
from gxy_analytics.governance.access.plan import Plan
from gxy_analytics.governance.access.server import apply_server, plan_server
from gxy_analytics.governance.access.specification import Specification, load_specification
from gxy_analytics.governance.master_key import load_master_key
from gxy_analytics.settings import Settings, require
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import KILL_SERVING_QUERY, access_file

RESTART_SECONDS = 30.0
POLL_SECONDS = 0.2
SAME_START_SECONDS = 0.3


class NoAccessStorageError(GxyError):
    """The server can store no users, and is not the embedded one of this data directory."""


class NotRestartedError(GxyError):
    """The embedded server was told to end, and nobody started it again."""


@dataclass(frozen=True)
class Login:
    """How a tenant's tool logs in. `native_port` is None where it is not known."""

    host: str
    http_port: int
    native_port: int | None
    user: str
    password: str
    database: str = "marts"


@dataclass(frozen=True)
class Access:
    """One warehouse and its specification. `access_xml` is the embedded server's file; None means a full server."""

    client: Client
    settings: Settings
    specification: Specification
    master_key: bytes
    access_xml: Path | None
    operator: str

    def accounts(self) -> list[Account]:
        return registry.accounts_now(self.client, self.specification, self.master_key)

    def plan(self) -> Plan:
        """What the server lacks now."""
        accounts = self.accounts()
        if self.access_xml is None:
            return plan_server(self.client, self.specification, accounts, self.operator)
        serving_since = read_facts(self.client).serving_since
        return plan_embedded(self.client, self.access_xml, self.specification, accounts, serving_since)

    def apply(self) -> Plan:
        """Make the server follow the specification; return what was done, an empty plan for nothing. Raises NotRestartedError."""
        plan = self.plan()
        if plan.is_empty:
            return plan
        if self.access_xml is None:
            apply_server(self.client, plan, self.specification, self.accounts(), self.operator)
            return plan
        write_embedded(self.access_xml, self.specification, self.accounts())
        restart(self.settings)
        return plan

    def write_for_next_start(self) -> Plan:
        """Only write the embedded server's file, where a tenant is known; return what the server lacks until it starts again."""
        accounts = self.accounts()
        if self.access_xml is None or not any(account.tenant_id for account in accounts):
            return Plan((), (), (), ())
        plan = self.plan()
        if not plan.is_empty:
            write_embedded(self.access_xml, self.specification, accounts)
        return plan

    def login(self, slug: str) -> Login:
        """The tenant's login. Raises NoLoginError."""
        return self._login(registry.account_of(self.client, self.specification, self.master_key, slug))

    def rotate(self, slug: str) -> Login:
        """Give the tenant another password; it counts after `apply`. Raises NoLoginError."""
        return self._login(registry.rotate(self.client, self.specification, self.master_key, slug))

    def _login(self, account: Account) -> Login:
        url = urlsplit(require(self.settings.clickhouse_url, "CLICKHOUSE_URL"))
        native = native_port(self.access_xml) if self.access_xml else None
        return Login(url.hostname or "127.0.0.1", url.port or 8123, native, account.name, account.password)


@contextmanager
def open_access(settings: Settings) -> Iterator[Access]:
    """Open the warehouse of `settings`. Raises SourceUnreachableError, NoAccessStorageError, MissingMasterKeyError."""
    master_key = load_master_key(settings.master_key_path)
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="access") as client:
        facts = read_facts(client)
        access_xml = access_file(settings.data_dir / "clickhouse") if facts.is_embedded else None
        if access_xml is None and not facts.is_writable:
            raise NoAccessStorageError(
                "This ClickHouse server can store no users: give it a <local_directory> or <replicated> in <user_directories>."
            )
        if access_xml is not None and not access_xml.parent.parent.is_dir():
            raise NoAccessStorageError(
                f"The embedded ClickHouse that answers is not the one of {settings.data_dir}: name its directory in GXY_DATA_DIR."
            )
        yield Access(client, settings, load_specification(), master_key, access_xml, facts.operator)


def restart(settings: Settings) -> None:
    """End the embedded server in order and wait until the stack's supervisor has started it again. Raises NotRestartedError."""
    url = require(settings.clickhouse_url, "CLICKHOUSE_URL")
    with connect(url, purpose="access") as client:
        before = read_facts(client).serving_since
        # The connection may end before its answer.
        with suppress(ClickHouseError):
            client.command(KILL_SERVING_QUERY)
    deadline = time.monotonic() + RESTART_SECONDS
    while time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        with suppress(SourceUnreachableError, ClickHouseError), connect(url, purpose="access") as client:
            # Two readings of one start differ by milliseconds; a stopping server still answers.
            if (read_facts(client).serving_since - before).total_seconds() > SAME_START_SECONDS:
                return
    raise NotRestartedError(
        f"ClickHouse did not come back within {RESTART_SECONDS:.0f} s: is `gxy up` running? See `gxy doctor`."
    )
