"""Access to one warehouse: what it lacks, making it so, a tenant's login. Which kind of server it is, is found out here.

The two kinds are in `embedded` and `server`; options and output in `commands`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.access import registry
from gxy_analytics.governance.access.accounts import Account, tenant_user, wanted_accounts
from gxy_analytics.governance.access.embedded import native_port, plan_embedded, takes_away, write_embedded
from gxy_analytics.governance.access.facts import read_facts
from gxy_analytics.governance.access.plan import Plan
from gxy_analytics.governance.access.restarting import restart
from gxy_analytics.governance.access.server import TENANTS_ROLE, apply_server, plan_server
from gxy_analytics.governance.access.specification import Specification, load_specification
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.settings import Settings, require
from gxy_analytics.warehouse.client import connect, read_sql
from gxy_analytics.warehouse.embedded import access_file
from gxy_analytics.warehouse.single_writer import exclusive


class NoAccessStorageError(GxyError):
    """The server can store no users, and is not the embedded one of this data directory."""


class NoAdministratorError(NoAccessStorageError):
    """This program works as users of roles alone."""


class AccessNotAppliedError(GxyError):
    """The full server has no role for tenants yet."""


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

    def plan_of(self, slug: str) -> Plan:
        """What the server lacks for the tenant's login alone; for the embedded one, which reads everything at once, for all."""
        plan = self.plan()
        return plan.about(f"user {tenant_user(self.specification, slug)}") if self.access_xml is None else plan

    def apply(self) -> Plan:
        """Make the server follow the specification; return what was done, an empty plan for nothing. Raises NotRestartedError."""
        return self._make_so(self.plan(), "")

    def follow(self, slug: str) -> Plan:
        """`apply` for one tenant's login; what a user that loses it runs is ended. Raises AccessNotAppliedError too."""
        if self.access_xml is None and f"role {TENANTS_ROLE}" in self.plan().added:
            raise AccessNotAppliedError("This ClickHouse server has no roles of ours yet: run `gxy access apply`.")
        plan = self._make_so(self.plan_of(slug), slug)
        user = tenant_user(self.specification, slug)
        if self.access_xml is None and f"user {user}" in plan.removed:
            self.client.command(read_sql(__package__, "kill_queries.sql"), parameters={"user_name": user})
        return plan

    def write_for_next_start(self) -> Plan:
        """Only write the embedded server's file; return what that server lacks until it starts again."""
        plan = self.plan() if self.access_xml else Plan((), (), (), ())
        if self.access_xml and not plan.is_empty:
            self._record(plan, "")
            self._write(self.access_xml)
        return plan

    def record_first(self) -> None:
        """What `write_first` gave a new server is in the audit too, once there is one."""
        users = wanted_accounts(self.specification, self.master_key, [], {})
        self._record(Plan(tuple(f"user {account.name}" for account in users), (), (), ()), "")

    def role_url(self, role: str) -> str:
        """The server's URL as the user of a service role reaches it."""
        (account,) = (one for one in self.accounts() if one.role == role)
        url = urlsplit(require(self.settings.clickhouse_url, "CLICKHOUSE_URL"))
        place = url.netloc.rpartition("@")[2]
        return url._replace(netloc=f"{account.name}:{account.password}@{place}").geturl()

    def _make_so(self, plan: Plan, tenant_id: str) -> Plan:
        if plan.is_empty:
            return plan
        self._record(plan, tenant_id)
        if self.access_xml is None:
            apply_server(self.client, plan, self.specification, self.accounts(), self.operator)
        else:
            self._write(self.access_xml)
            restart(self.settings, at_once=takes_away(self.client, self.access_xml, plan))
        return plan

    def _write(self, access_xml: Path) -> None:
        """Write the file of who may get in now. One at a time: what was read before a login closed must not open it again."""
        with exclusive(self.settings.data_dir / "run" / "logins.lock"):
            write_embedded(access_xml, self.specification, self.accounts())

    def _record(self, plan: Plan, tenant_id: str) -> None:
        """An act for the audit, before it takes effect. A file that only waits for a start was recorded when it was written."""
        changes = {"added": plan.added, "changed": plan.changed, "removed": plan.removed}
        details = {verb: ", ".join(names) for verb, names in changes.items() if names}
        if details:
            objects = sum(map(len, changes.values()))
            record(self.client, "access.applied", tenant_id=tenant_id, rows=objects, details=details)

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
    if not settings.clickhouse_url:
        raise NoAdministratorError(
            "Who gets in is the administrator's to say, and GXY_CLICKHOUSE_URL is not set here and no stack is running: "
            "run `gxy access apply` where it is."
        )
    master_key = load_key_ring(settings).root
    with connect(settings.clickhouse_url, purpose="access") as client:
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
