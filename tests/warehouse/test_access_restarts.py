"""The restart by which the embedded server learns of logins: opening waits for work under way, closing never, many are one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.access import restarting
from gxy_analytics.governance.access.access import Login, open_access
from gxy_analytics.governance.access.facts import read_facts
from gxy_analytics.governance.access.logins import close_login, open_login, open_logins
from gxy_analytics.governance.access.restarting import NotRestartedError
from gxy_analytics.governance.lifecycle.logins import opened_login
from gxy_analytics.governance.lifecycle.mirror import follow_logins
from gxy_analytics.settings import Settings
from gxy_analytics.stack.stack import Stack
from gxy_analytics.warehouse.client import connect, read_sql
from gxy_analytics.warehouse.single_writer import exclusive
from tests.conftest import free_port

ENDED = "ended as it was asked to"
UNDER_WAY = ("build.lock", "erasure.lock")


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the stack reports."""
    return []


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, told: list[str]) -> Iterator[Settings]:
    """A stack of ClickHouse alone, with its supervisor."""
    ports = {"clickhouse_http_port": free_port(), "clickhouse_tcp_port": free_port()}
    asked = Settings(data_dir=tmp_path_factory.mktemp("restarts"), **ports)
    alone = ("postgres", "loader", "ingest", "dagster")
    with Stack(asked, without=alone, report=lambda _name, what: told.append(what)) as stack:
        yield stack.settings


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long."""
    monkeypatch.setattr(restarting, "PATIENCE_SECONDS", 0.3)


def set_tenants(settings: Settings, **statuses: str) -> None:
    rows = [[slug, slug, "UTC", status] for slug, status in statuses.items()]
    with connected(settings) as client:
        client.insert("tenants", rows, column_names=["tenant_id", "name", "timezone", "status"], database="governance")


def connected(settings: Settings) -> Client:
    return connect(settings.clickhouse_url or "", purpose="test")


def lock(settings: Settings, name: str) -> Path:
    return settings.data_dir / "run" / name


def gets_in(login: Login) -> bool:
    try:
        with connect(f"http://{login.user}:{login.password}@{login.host}:{login.http_port}", purpose="test") as client:
            return bool(client.command("select currentUser()") == login.user)
    except (ClickHouseError, SourceUnreachableError):
        return False


def login_of(settings: Settings, slug: str) -> Login:
    with open_access(settings) as access:
        return access.login(slug)


def restarts(told: list[str], act: Callable[[], object]) -> int:
    """How often the server was ended while `act` ran."""
    before = sum(ENDED in line for line in told)
    act()
    return sum(ENDED in line for line in told) - before


def test_a_server_is_the_embedded_one_by_its_serving_query_which_tells_since_when(settings: Settings) -> None:
    with connected(settings) as client:
        since = read_facts(client).serving_since
        time.sleep(0.5)
        assert abs((read_facts(client).serving_since - since).total_seconds()) < 0.3
        another = read_sql("gxy_analytics.governance.access", "server_facts.sql").replace("sleepEachRow(3)", "sleepEachRow(4)")
        assert client.query(another).first_row[2].year == 1970


@pytest.mark.parametrize("name", UNDER_WAY)
def test_a_login_is_not_opened_while_work_is_under_way_and_is_by_the_mirrors_next_look(
    name: str, settings: Settings, told: list[str], hurried: None
) -> None:
    slug = name.removesuffix(".lock")
    set_tenants(settings, **{slug: "active"})
    login = login_of(settings, slug)

    def refused() -> None:
        with exclusive(lock(settings, name)):
            with pytest.raises(NotRestartedError, match="left running: a build, an erasure"):
                open_login(settings, slug)
            assert "left running" in follow_logins(settings)[2]
            assert "left running" in opened_login(settings, slug)

    assert restarts(told, refused) == 0
    assert not gets_in(login)
    assert restarts(told, lambda: follow_logins(settings)) == 1
    assert gets_in(login)


def test_a_login_is_opened_as_soon_as_the_build_has_ended(settings: Settings, told: list[str]) -> None:
    set_tenants(settings, patient="active")
    with ThreadPoolExecutor() as pool:
        with exclusive(lock(settings, "build.lock")):
            opening = pool.submit(open_login, settings, "patient")
            assert restarts(told, lambda: time.sleep(2.5)) == 0
            assert not opening.done()
        assert gets_in(opening.result(30))


def test_a_suspended_tenant_is_out_at_once_whatever_runs(settings: Settings) -> None:
    set_tenants(settings, leaver="active")
    login = open_login(settings, "leaver")
    assert gets_in(login)
    set_tenants(settings, leaver="suspended")
    started = time.monotonic()
    with exclusive(lock(settings, "build.lock")), exclusive(lock(settings, "erasure.lock")):
        close_login(settings, "leaver")
        assert not gets_in(login)
    assert time.monotonic() - started < restarting.PATIENCE_SECONDS


def test_a_login_that_was_closed_in_vain_is_closed_by_the_next_restart_at_once(settings: Settings, hurried: None) -> None:
    """Its file says so already, and the server does not know: nobody waits for a build to end."""
    set_tenants(settings, late="active")
    login = open_login(settings, "late")
    set_tenants(settings, late="suspended", newcomer="active")
    with open_access(settings) as access:
        access.write_for_next_start()
    assert gets_in(login)
    with exclusive(lock(settings, "build.lock")):
        open_login(settings, "newcomer")
    assert not gets_in(login)


def test_a_withdrawn_password_ends_at_once_whatever_runs(settings: Settings) -> None:
    set_tenants(settings, careless="active")
    old = open_login(settings, "careless")
    with exclusive(lock(settings, "build.lock")), open_access(settings) as access:
        new = access.rotate("careless")
        access.apply()
    assert gets_in(new)
    assert not gets_in(old)


def test_many_logins_are_opened_and_closed_by_one_restart(settings: Settings, told: list[str]) -> None:
    set_tenants(settings, one="active", two="active")
    assert restarts(told, lambda: open_logins(settings, ["one", "two"])) == 1
    logins = {slug: login_of(settings, slug) for slug in ("one", "two")}
    set_tenants(settings, one="suspended", two="suspended", three="active", four="active")
    found: list[object] = []
    assert restarts(told, lambda: found.append(follow_logins(settings))) == 1
    assert found == [(("four", "three"), ("one", "two"), "")]
    assert not any(gets_in(login) for login in logins.values())
    assert gets_in(login_of(settings, "three")) and gets_in(login_of(settings, "four"))
    assert restarts(told, lambda: follow_logins(settings)) == 0


def test_logins_that_are_opened_and_closed_at_the_same_moment_all_end_as_their_tenants_say(settings: Settings) -> None:
    set_tenants(settings, bye="active", adieu="active")
    gone = open_logins(settings, ["bye", "adieu"])
    set_tenants(settings, hello="active", ahoy="active")
    set_tenants(settings, bye="suspended", adieu="suspended")
    with ThreadPoolExecutor() as pool:
        closing = [pool.submit(close_login, settings, slug) for slug in ("bye", "adieu")]
        opening = [pool.submit(open_login, settings, slug) for slug in ("hello", "ahoy")]
        for one in closing:
            one.result(60)
        assert all(gets_in(one.result(60)) for one in opening)
    assert not any(gets_in(login) for login in gone)
    with open_access(settings) as access:
        assert access.plan().is_empty
        assert read_facts(access.client).is_embedded
