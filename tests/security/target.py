"""What the adversary attacks: a server with two tenants' rows, and who logs in there with what.

Either a server of the suite's own, filled here, or one that is given (`GXY_SECURITY_URL`, see docs/reference/security.md).
The attempts are in `attempts`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_driver import Client as NativeClient
from clickhouse_driver.errors import Error as NativeError

from gxy_analytics.governance.access.access import open_access
from gxy_analytics.governance.access.accounts import Account, wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import Specification, load_specification
from gxy_analytics.settings import load_settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import access_file
from tests.warehouse.dbt_world import DbtWorld, dbt_world

DATABASES = ("raw", "pii", "governance", "staging", "marts", "platform", "features")
OWN, VICTIM, SPENDER = "harbor", "victim-shop", "spender"
"""The last has no rows: it uses up its quota."""
SECRET = "secretvalue"
"""In every text of the victim's rows, beside its name."""
KEY = bytes(range(32))
OWN_ROWS, VICTIM_ROWS = 3_000, 20_000
"""Of each mart. More than a granule (8,192) of the victim's, so that pruning shows."""


@dataclass(frozen=True)
class Answer:
    """What the server said: `text` is the rows, or the error's message. `code` is the error's, 0 for none."""

    code: int
    text: str

    @property
    def value(self) -> str:
        return self.text.strip()


@dataclass
class Target:
    """One server, its administrator's client, and the accounts of the specification there."""

    admin: Client
    host: str
    http_port: int
    native_port: int
    specification: Specification
    accounts: dict[str, Account]
    own: str
    victim: str

    def http(self, user: str, sql: str, settings: Mapping[str, str] | None = None) -> Answer:
        """Run `sql` as a user over HTTP, `settings` in the URL."""
        request = Request(
            f"http://{self.host}:{self.http_port}/?{urlencode(dict(settings or {}))}",
            data=sql.encode(),
            headers={"X-ClickHouse-User": user, "X-ClickHouse-Key": self.accounts[user].password},
        )
        try:
            with urlopen(request, timeout=60) as response:  # noqa: S310
                return Answer(
                    int(response.headers.get("X-ClickHouse-Exception-Code") or 0), response.read().decode(errors="replace")
                )
        except HTTPError as error:
            return Answer(int(error.headers.get("X-ClickHouse-Exception-Code") or -1), error.read().decode(errors="replace"))

    def native(self, user: str, sql: str, settings: Mapping[str, str] | None = None) -> Answer:
        """Run `sql` as a user over the native protocol, `settings` as the client's own."""
        client = NativeClient(
            self.host, self.native_port, user=user, password=self.accounts[user].password, settings=dict(settings or {})
        )
        try:
            # An INSERT by its VALUES sends no row.
            rows = client.execute(sql, [] if sql.endswith(" values") else None)
            return Answer(0, "\n".join("\t".join(map(str, row)) for row in rows) if isinstance(rows, list) else str(rows))
        except NativeError as error:
            return Answer(error.code, str(error))
        finally:
            client.disconnect()

    def spend(self, user: str, sql: str, times: int) -> None:
        """Run a statement so many times as a user, over one connection."""
        headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": self.accounts[user].password}
        with closing(HTTPConnection(self.host, self.http_port, timeout=60)) as connection:
            for _ in range(times):
                connection.request("POST", "/", sql.encode(), headers)
                connection.getresponse().read()

    def rows(self, sql: str, **parameters: str) -> list[tuple[str, ...]]:
        """Rows as the administrator sees them."""
        return [tuple(map(str, row)) for row in self.admin.query(sql, parameters=parameters).result_rows]

    def count(self, table: str, tenant: str | None = None) -> int:
        """Rows of a table, or of one tenant in it, as the administrator sees them."""
        where = "" if tenant is None else "where tenant_id = {tenant:String}"
        return int(self.admin.query(f"select count() from {table} {where}", parameters={"tenant": tenant}).first_row[0])


@contextmanager
def own_target(directory: Path) -> Iterator[Target]:
    """A server of one's own: every table that migrations and dbt make, with rows of two tenants in it, and every account."""
    with dbt_world(directory) as world:
        world.build(what=("build", "--resource-type", "model", "--resource-type", "seed"))
        fill(world)
        specification = with_errors_left(load_specification())
        accounts = wanted_accounts(specification, KEY, [OWN, VICTIM, SPENDER], {})
        write_embedded(access_file(world.server.directory), specification, accounts)
        world.server.stop()
        world.server.start()
        with connect(world.server.url, purpose="security-tests") as client:
            by_name = {account.name: account for account in accounts}
            yield Target(client, "127.0.0.1", world.server.http_port, world.server.tcp_port, specification, by_name, OWN, VICTIM)


def with_errors_left(specification: Specification) -> Specification:
    """The same, but for a tenant's quota of errors: the suite makes more of them within an hour than a tenant may."""
    quota = msgspec.structs.replace(specification.quotas["tenant"], errors=1_000_000)
    return msgspec.structs.replace(specification, quotas=specification.quotas | {"tenant": quota})


@contextmanager
def given_target(url: str) -> Iterator[Target]:
    """A server that is there, with two active tenants that have rows, whose access was applied. Only read by the suite itself."""
    own, victim = os.environ["GXY_SECURITY_TENANT"], os.environ["GXY_SECURITY_VICTIM"]
    parts = urlsplit(url)
    with open_access(load_settings(clickhouse_url=url)) as access:
        accounts = {account.name: account for account in access.accounts()}
        native = int(os.environ.get("GXY_SECURITY_NATIVE_PORT", "9000"))
        host, port = parts.hostname or "127.0.0.1", parts.port or 8123
        yield Target(access.client, host, port, native, access.specification, accounts, own, victim)


def fill(world: DbtWorld) -> None:
    """Put rows of two tenants into every table that can hold them; every text of the victim's says so."""
    policed = set(load_specification().policed)
    tables = world.rows(
        "select database, name from system.tables where database in {databases:Array(String)} and engine like '%MergeTree' "
        "and name != 'schema_migrations' order by 1, 2",
        databases=list(DATABASES),
    )
    for database, table in tables:
        sizes = (OWN_ROWS, VICTIM_ROWS) if f"{database}.{table}" in policed else (20, 30)
        for tenant, mark, rows in ((OWN, "ours", sizes[0]), (VICTIM, SECRET, sizes[1])):
            columns = world.rows(
                "select name, type from system.columns where database = {database:String} and table = {table:String} "
                "and default_kind in ('', 'DEFAULT') order by position",
                database=database,
                table=table,
            )
            values = ", ".join(value_of(name, kind, tenant, mark) for name, kind in columns)
            names = ", ".join(f"`{name}`" for name, _ in columns)
            world.client.command(f"insert into {database}.{table} ({names}) select {values} from numbers({rows})")


def value_of(name: str, kind: str, tenant: str, mark: str) -> str:
    """An expression for a column of a made-up row, over `number`."""
    if name == "tenant_id":
        return f"'{tenant}'"
    if name == "status" and "String" in kind:
        return "'active'"
    quoted = kind.replace("'", "''")
    if kind in ("String", "LowCardinality(String)"):
        return f"concat('{mark}-', toString(number))"
    if "Date" in kind:
        return f"cast(toDate('2026-03-10'), '{quoted}')"
    if re.fullmatch(r"(Nullable\()?(U?Int\d+|Decimal\(\d+, \d+\)|Float\d+)\)?", kind):
        return f"cast(number % 100, '{quoted}')"
    return f"defaultValueOfTypeName('{quoted}')"
