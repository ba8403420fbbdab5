"""Access on a real stack: plan, apply, log in, rotate, suspend; a full server's SQL against the real parser and SHOW ACCESS."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.access.access import Access, Login, open_access
from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.commands import NOTHING, access
from gxy_analytics.governance.access.logins import TenantStillActiveError, close_login, login_is_open, open_login
from gxy_analytics.governance.access.plan import Plan
from gxy_analytics.governance.access.registry import NoLoginError
from gxy_analytics.governance.access.restarting import NotRestartedError
from gxy_analytics.governance.access.server import compare_server, steps, wanted_statements
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.access.statements import objects_of
from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.stack.stack import Stack
from gxy_analytics.warehouse.client import connect, read_sql
from gxy_analytics.warehouse.embedded import access_file
from tests.conftest import free_port

SPECIFICATION = load_specification()
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A stack of ClickHouse alone, with its supervisor."""
    ports = {"clickhouse_http_port": free_port(), "clickhouse_tcp_port": free_port()}
    asked = Settings(data_dir=tmp_path_factory.mktemp("access"), **ports)
    with Stack(asked, without=("postgres", "loader", "ingest", "dagster")) as stack:
        yield stack.settings


@pytest.fixture
def opened(settings: Settings) -> Iterator[Access]:
    """Two active tenants and a suspended one; an empty mart, everything applied."""
    with open_access(settings) as opened:
        set_tenants(opened.client, aurora="active", boreal="active", gone="suspended")
        for table in SPECIFICATION.policed:
            columns = "tenant_id LowCardinality(String), rows UInt64"
            opened.client.command(f"create or replace table {table} ({columns}) engine = MergeTree order by tenant_id")
            opened.client.command(f"insert into {table} values ('aurora', 1), ('boreal', 2), ('boreal', 3)")
        opened.apply()
        yield opened


def set_tenants(client: Client, **statuses: str) -> None:
    rows = [[slug, slug, "UTC", status] for slug, status in statuses.items()]
    client.insert("tenants", rows, column_names=["tenant_id", "name", "timezone", "status"], database="governance")


def count_as(login: Login, table: str = "marts.sales_daily") -> int:
    with connect(as_user(login), purpose="test") as client:
        return int(client.command(f"select count() from {table}"))


def test_a_tenants_login_works_after_apply_and_shows_its_rows_only(opened: Access) -> None:
    assert [count_as(opened.login(slug), table) for table in SPECIFICATION.policed for slug in ("aurora", "boreal")] == [
        1,
        2,
    ] * len(SPECIFICATION.policed)
    assert opened.login("aurora").native_port == opened.settings.clickhouse_tcp_port


def test_applying_again_finds_nothing_to_do_and_does_not_restart(opened: Access) -> None:
    before = opened.client.command("select toUnixTimestamp(now()) - uptime()")
    assert opened.apply().is_empty
    assert opened.plan().is_empty
    assert abs(int(opened.client.command("select toUnixTimestamp(now()) - uptime()")) - int(before)) <= 1


def test_the_plan_names_what_it_leaves_alone(opened: Access) -> None:
    assert opened.plan().untouched == ("default", "gxy")


def test_a_tenant_that_is_not_active_has_no_login(opened: Access) -> None:
    with pytest.raises(NoLoginError):
        opened.login("gone")
    login = opened.login("boreal")
    set_tenants(opened.client, boreal="suspended")
    plan = opened.plan()
    assert plan.removed == ("user tenant_boreal",)
    assert not plan.added
    opened.apply()
    with pytest.raises((ClickHouseError, SourceUnreachableError)):
        count_as(login)
    assert count_as(opened.login("aurora")) == 1


def test_a_rotated_password_replaces_the_old_one(opened: Access) -> None:
    old = opened.login("aurora")
    new = opened.rotate("aurora")
    assert new.password != old.password
    assert count_as(old) == 1
    assert opened.plan().changed == ("user tenant_aurora",)
    opened.apply()
    assert count_as(new) == 1
    with pytest.raises((ClickHouseError, SourceUnreachableError)):
        count_as(old)


def test_a_tenants_user_cannot_change_a_constant_and_may_change_the_rest(opened: Access) -> None:
    login = opened.login("aurora")
    with connect(as_user(login), purpose="test") as client:
        with pytest.raises(DatabaseError, match="apply_deleted_mask"):
            client.query("select 1 settings apply_deleted_mask = 0")
        assert client.query("select 1 settings max_block_size = 1000").result_rows == [(1,)]


def test_the_file_is_for_its_owner_only_and_a_start_of_the_server_keeps_it(opened: Access) -> None:
    file = access_file(opened.settings.data_dir / "clickhouse")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    opened.rotate("aurora")
    opened.apply()
    assert file.read_text() != before
    assert count_as(opened.login("aurora")) == 1


def test_the_command_shows_applies_and_prints_logins(opened: Access, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GXY_DATA_DIR", str(opened.settings.data_dir))
    assert load_settings().clickhouse_url == opened.settings.clickhouse_url
    set_tenants(opened.client, carina="active")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(access, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert "+ user tenant_carina" in run("plan")
    assert "gxy access apply" in run("password", "carina")
    assert json.loads(run("apply", "--json"))["added"] == ["user tenant_carina"]
    assert NOTHING in run("apply")
    login = Login(**json.loads(run("password", "carina", "--json")))
    assert count_as(login) == 0
    assert login.password in run("password", "carina")
    assert "gxy access apply" in run("rotate", "carina")
    assert "CREATE USER OR REPLACE `tenant_carina`" in run("sql")


def test_the_next_start_of_a_stack_opens_the_logins_of_tenants_added_in_between(tmp_path: Path) -> None:
    asked = Settings(data_dir=tmp_path, clickhouse_http_port=free_port(), clickhouse_tcp_port=free_port())
    alone = ("postgres", "loader", "ingest", "dagster")
    with Stack(asked, without=alone) as stack, open_access(stack.settings) as access:
        assert access.plan().is_empty
        set_tenants(access.client, dorado="active")
    with Stack(asked, without=alone) as stack, open_access(stack.settings) as access:
        assert access.plan().is_empty
        assert "clickhouse" in stack.pids
        with connect(as_user(access.login("dorado")), purpose="test") as client:
            assert client.command("select currentUser()") == "tenant_dorado"


def test_a_first_start_knows_the_roles_users_and_ingest_and_loader_work_as_theirs(tmp_path: Path) -> None:
    ports = {"clickhouse_http_port": free_port(), "clickhouse_tcp_port": free_port(), "ingest_port": free_port()}
    told: list[str] = []
    asked = Settings(data_dir=tmp_path, **ports)
    with Stack(asked, without=("postgres", "dagster"), report=lambda name, _what: told.append(name)) as stack:
        assert "access" not in told
        with connect(stack.settings.clickhouse_url or "", purpose="test") as client:
            users = (
                "select groupUniqArray(user) from system.query_log where JSONExtractString(log_comment, 'gxy') in "
                "('loader', 'ingest write keys')"
            )
            deadline = time.monotonic() + 20
            while not client.query(users).first_row[0] and time.monotonic() < deadline:
                time.sleep(0.2)
                client.command("system flush logs")
            assert client.query(users).first_row == (["gxy_ingest"],)
            assert client.query(
                "select count() from system.query_log where user = 'gxy_ingest' and exception_code != 0"
            ).first_row == (0,)
            entries = client.query("select action, rows, details from governance.audit_entries").result_rows
    assert [entry[:2] for entry in entries] == [("access.applied", 8)]
    assert "user gxy_ingest" in entries[0][2]


def test_a_login_opens_and_closes_with_its_tenant_at_once_and_asking_again_does_nothing(opened: Access) -> None:
    settings, started = opened.settings, opened.client.command("select toUnixTimestamp(now()) - uptime()")
    with pytest.raises(NoLoginError):
        open_login(settings, "eridanus")
    with pytest.raises(TenantStillActiveError):
        close_login(settings, "aurora")
    open_login(settings, "aurora")
    close_login(settings, "gone")
    assert abs(int(opened.client.command("select toUnixTimestamp(now()) - uptime()")) - int(started)) <= 1
    set_tenants(opened.client, eridanus="active")
    assert not login_is_open(settings, "eridanus")
    login = open_login(settings, "eridanus")
    assert count_as(login) == 0
    assert login_is_open(settings, "eridanus")
    set_tenants(opened.client, eridanus="suspended")
    close_login(settings, "eridanus")
    with pytest.raises((ClickHouseError, SourceUnreachableError)):
        count_as(login)
    assert not login_is_open(settings, "eridanus")


def test_what_was_applied_is_in_the_audit_once_and_without_a_password(opened: Access) -> None:
    set_tenants(opened.client, fornax="active")
    opened.client.command("truncate table governance.audit_entries")
    login = open_login(opened.settings, "fornax")
    opened.apply()
    entries = opened.client.query("select action, tenant_id, rows, details from governance.audit_entries").result_rows
    assert entries == [("access.applied", "fornax", 1, '{"added":"user tenant_fornax"}')]
    opened.rotate("fornax")
    opened.apply()
    entries = opened.client.query("select tenant_id, details from governance.audit_entries order by recorded_at").result_rows
    assert entries[1:] == [("", '{"changed":"user tenant_fornax"}')]
    assert login.password not in str(opened.client.query("select * from governance.audit_entries").result_rows)


def test_a_server_that_nobody_would_start_again_is_not_ended(opened: Access, tmp_path: Path) -> None:
    elsewhere = Access(
        opened.client,
        opened.settings.model_copy(update={"data_dir": tmp_path}),
        opened.specification,
        opened.master_key,
        access_file(tmp_path / "clickhouse"),
        opened.operator,
    )
    with pytest.raises(NotRestartedError, match="gxy up"):
        elsewhere.apply()
    assert access_file(tmp_path / "clickhouse").exists()
    assert opened.client.command("select 1") == 1


def test_a_plan_for_one_login_leaves_the_rest_of_a_full_server_alone() -> None:
    accounts = wanted_accounts(SPECIFICATION, KEY, ["aurora-living", "b"], {})
    everything = compare_server([], {}, SPECIFICATION, accounts, "ops")
    one = everything.about("user tenant_b")
    assert one == Plan(("user tenant_b",), (), (), ())
    assert list(steps(one, wanted_statements(SPECIFICATION, accounts, "ops"))) == [
        f"CREATE USER OR REPLACE `tenant_b` IDENTIFIED WITH sha256_hash BY '{accounts[-1].sha256}' HOST ANY",
        "GRANT gxy_role_tenant TO `tenant_b`",
    ]


def as_user(login: Login) -> str:
    return f"http://{login.user}:{login.password}@{login.host}:{login.http_port}"


def test_the_real_parser_reads_every_statement_for_a_full_server(opened: Access) -> None:
    accounts = wanted_accounts(SPECIFICATION, KEY, ["aurora-living", "b"], {})
    statements = wanted_statements(SPECIFICATION, accounts, "ops")
    everything = compare_server([], {}, SPECIFICATION, accounts, "ops")
    others = compare_server(shown_after(statements), {}, SPECIFICATION, accounts[:-2], "ops2")
    assert set(everything.added) == set(statements)
    assert others.removed and others.changed
    changed = {name: lines for name, lines in statements.items() if name.startswith(("role", "profile"))}
    altered = compare_server([lines[0] for lines in changed.values()], {}, SPECIFICATION, accounts, "ops")
    for plan in (everything, others, altered):
        for statement in steps(plan, statements):
            parsed = opened.client.query("select formatQuery({sql:String})", parameters={"sql": statement}).first_row[0]
            assert parsed.split()[0] in ("CREATE", "ALTER", "GRANT", "REVOKE", "DROP"), statement


def shown_after(statements: dict[str, list[str]]) -> list[str]:
    """What a server would show that was given the statements."""
    return [line.replace(" OR REPLACE", "") for lines in statements.values() for line in lines]


def test_what_a_user_runs_is_ended_with_its_login_on_a_full_server(opened: Access) -> None:
    login = opened.login("aurora")
    with ThreadPoolExecutor() as pool, connect(as_user(login), purpose="test") as client:
        running = pool.submit(client.query, "select sleepEachRow(1) from numbers(50) settings max_block_size = 1")
        while not opened.client.command("select count() from system.processes where user = 'tenant_aurora'"):
            time.sleep(0.05)
        opened.client.command(read_sql("gxy_analytics.governance.access", "kill_queries.sql"), {"user_name": login.user})
        with pytest.raises(DatabaseError, match="QUERY_WAS_CANCELLED"):
            running.result(30)


def test_a_full_server_that_was_given_everything_needs_nothing_more() -> None:
    accounts = wanted_accounts(SPECIFICATION, KEY, ["aurora-living", "b"], {})
    shown = [*shown_after(wanted_statements(SPECIFICATION, accounts, "ops")), "CREATE USER `someone` IDENTIFIED WITH no_password"]
    applied = {account.name: account.fingerprint for account in accounts}
    plan = compare_server(shown, applied, SPECIFICATION, accounts, "ops")
    assert plan.is_empty
    assert plan.untouched == ("someone",)
    rotated = wanted_accounts(SPECIFICATION, KEY, ["aurora-living", "b"], {"tenant_b": 2})
    assert compare_server(shown, applied, SPECIFICATION, rotated, "ops").changed == ("user tenant_b",)
    suspended = compare_server(shown, applied, SPECIFICATION, accounts[:-1], "ops")
    assert suspended.removed == ("user tenant_b",)


def test_a_grant_too_many_a_policy_less_or_another_limit_is_found_on_a_full_server() -> None:
    accounts = wanted_accounts(SPECIFICATION, KEY, ["b"], {})
    shown = shown_after(wanted_statements(SPECIFICATION, accounts, "ops"))
    applied = {account.name: account.fingerprint for account in accounts}

    def plan(lines: list[str]) -> tuple[str, ...]:
        found = compare_server(lines, applied, SPECIFICATION, accounts, "ops")
        return (*found.added, *found.changed, *found.removed)

    assert plan([*shown, "GRANT SELECT ON raw.events TO gxy_role_tenant"]) == ("role gxy_role_tenant",)
    assert plan([*shown, "GRANT SELECT ON raw.events TO tenant_b"]) == ("user tenant_b",)
    policy = next(line for line in shown if "POLICY gxy_tenant_only ON marts.sales_daily" in line)
    assert plan([line for line in shown if line != policy]) == ("policy gxy_tenant_only on marts.sales_daily",)
    assert plan([line.replace("readonly = 1 CONST", "readonly = 0 CONST") for line in shown]) == (
        "profile gxy_staff",
        "profile gxy_tenant",
    )
    assert plan([line.replace("queries = 20000", "queries = 20001") for line in shown]) == ("quota gxy_tenant",)


def test_what_the_engine_shows_of_the_specification_is_what_the_sql_says(opened: Access) -> None:
    """The engine prints its own spelling of profiles, quotas, policies and grants; the comparison must see through it."""
    shown = objects_of(str(line) for (line,) in opened.client.query("show access").result_rows)
    statements = wanted_statements(SPECIFICATION, opened.accounts(), "ops")
    wanted = objects_of(line for lines in statements.values() for line in lines)
    for name in SPECIFICATION.profiles:
        assert shown[f"profile gxy_{name}"] == wanted[f"profile gxy_{name}"]
    for account in opened.accounts():
        granted = {fact for fact in shown[f"user {account.name}"] if fact.startswith(("GRANT", "REVOKE"))}
        assert granted == {fact for fact in wanted[f"role gxy_role_{account.role}"] if fact.startswith(("GRANT", "REVOKE"))}
    for name in SPECIFICATION.quotas:
        limits = [next(iter(found[f"quota gxy_{name}"])).split(" TO ")[0] for found in (shown, wanted)]
        assert limits[0] == limits[1]
    for table in SPECIFICATION.policed:
        rules = [
            next(iter(found)).split(" USING ")[1].split(" TO ")[0]
            for found in (shown[f"policy tenant_aurora on {table}"], wanted[f"policy gxy_tenant on {table}"])
        ]
        assert rules[0] == rules[1]
