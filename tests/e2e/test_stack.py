"""`gxy up` as a person has it: real servers, real signals. With Dagster it is `test_demo`'s."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_driver import Client as NativeClient

from gxy_analytics.warehouse.client import connect
from tests.e2e.stack_process import GXY, StackProcess, clean_environment, free_port_base, processes_of, wait_until_gone


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A directory outside pytest's: as root PostgreSQL has its own account, and another pytest would shut that out."""
    with TemporaryDirectory(prefix="gxy-e2e-") as directory:
        yield Path(directory)


@pytest.fixture
def data_dir(root: Path, request: pytest.FixtureRequest) -> Path:
    """This test's own data directory, which does not exist yet."""
    return root / request.node.name[:40]


@pytest.fixture(scope="module")
def stacks(root: Path) -> Iterator[tuple[StackProcess, StackProcess]]:
    """Two stacks side by side, without Dagster."""
    directory = root / "stacks"
    directory.mkdir()
    pair = tuple(StackProcess(directory / name, free_port_base(), "--without", "dagster") for name in ("one", "two"))
    yield pair[0].ready(), pair[1].ready()
    for stack in pair:
        stack.stop()


@pytest.fixture
def stack(stacks: tuple[StackProcess, StackProcess]) -> StackProcess:
    return stacks[0]


def track(stack: StackProcess, write_key: str) -> str:
    """Send one page view; return its event id once it was answered `ok`."""
    event = {"event_id": str(uuid.uuid4()), "name": "page_view", "time": datetime.now(UTC).isoformat(), "anonymous_id": "a1"}
    url = f"{stack.env()['GXY_INGEST_URL']}/v1/events"
    answer = httpx.post(url, json={"events": [event]}, headers={"X-Write-Key": write_key}, timeout=20)
    assert answer.json()["results"][0]["status"] == "ok"
    return event["event_id"]


def tenant(stack: StackProcess, slug: str) -> str:
    """Add a tenant without a login, for which ClickHouse would start again; return its write key."""
    done = stack.gxy("tenant", "add", slug, "--no-login", "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["write_key"])


def count_of(client: Client, event_id: str) -> int:
    query = "select count() from raw.events where event_id = {id:String}"
    return int(client.query(query, parameters={"id": event_id}).first_row[0])


def test_what_gxy_env_prints_lets_a_shell_query_and_track(stack: StackProcess) -> None:
    script = f'eval "$({GXY} env --data-dir {stack.data_dir})" && curl -sf "$GXY_CLICKHOUSE_URL" --data "select 40 + 2"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=clean_environment())
    assert done.stdout.strip() == "42", done.stderr
    event_id = track(stack, tenant(stack, "acme"))
    with connect(stack.env()["GXY_CLICKHOUSE_URL"], purpose="test") as client:
        stack.wait_until(lambda: count_of(client, event_id) == 1, 20)
        assert count_of(client, event_id) == 1


def test_events_that_are_sent_while_a_login_opens_are_in_raw_once_and_the_new_user_sees_its_rows_alone(
    stack: StackProcess,
) -> None:
    """Opening a login starts ClickHouse again: ingest answers all the while, the loader goes on afterwards."""
    key = tenant(stack, "busy")
    url = stack.env()["GXY_CLICKHOUSE_URL"]
    with connect(url, purpose="test") as client:
        client.command("create table marts.sales_daily (tenant_id String, orders UInt64) engine = MergeTree order by tenant_id")
        client.command("insert into marts.sales_daily values ('busy', 1), ('newcomer', 2), ('newcomer', 3)")
    before = stack.pids()["clickhouse"]
    with ThreadPoolExecutor() as pool:
        adding = pool.submit(stack.gxy, "tenant", "add", "newcomer", "--json")
        sent = [track(stack, key)]
        while not adding.done():
            sent.append(track(stack, key))
    assert adding.result().returncode == 0, adding.result().stderr
    assert json.loads(adding.result().stdout)["login_is_open"] is True
    assert stack.pids()["clickhouse"] != before
    assert "clickhouse died" not in stack.output
    found = "select count(), uniqExact(event_id) from raw.events where has({ids:Array(String)}, toString(event_id))"
    with connect(url, purpose="test") as client:
        stack.wait_until(lambda: client.query(found, parameters={"ids": sent}).first_row[0] >= len(sent), 30)
        assert client.query(found, parameters={"ids": sent}).first_row == (len(sent), len(sent))
    assert orders_over_both_ports(stack, "newcomer") == ["2\n3", "2\n3"]
    with connect(url, purpose="test") as client:
        client.command("drop table marts.sales_daily sync")


def orders_over_both_ports(stack: StackProcess, slug: str) -> list[str]:
    """What the tenant's user reads of a mart over HTTP, and over the native port."""
    login = json.loads(stack.gxy("access", "password", slug, "--json").stdout)
    sql = "select orders from marts.sales_daily order by orders"
    place = f"http://{login['host']}:{login['http_port']}"
    answer = httpx.post(place, content=sql, auth=(login["user"], login["password"]))
    with NativeClient(login["host"], login["native_port"], user=login["user"], password=login["password"]) as client:
        return [answer.text.strip(), "\n".join(str(orders) for (orders,) in client.execute(sql))]


def test_two_stacks_side_by_side_share_nothing(stacks: tuple[StackProcess, StackProcess]) -> None:
    tenant(stacks[0], "only-here")
    names = [[row["tenant_id"] for row in json.loads(each.gxy("tenant", "list", "--json").stdout)] for each in stacks]
    assert "only-here" in names[0]
    assert "only-here" not in names[1]


def test_secrets_and_addresses_are_for_their_owner_only(stack: StackProcess) -> None:
    for path in (*(stack.data_dir / "secrets").iterdir(), stack.data_dir / "run" / "stack.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for name in ("spool", "clickhouse", "postgres", "loader", "logs", "secrets"):
        assert stat.S_IMODE((stack.data_dir / name).stat().st_mode) & 0o077 == 0, name


def test_every_server_listens_on_loopback_only(stack: StackProcess) -> None:
    ours = {stack.port_base + offset for offset in range(3)}
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, port = address.split(":")
            if state == "0A" and int(port, 16) in ours:
                listening.add((int(port, 16), host))
    assert listening == {(port, "0100007F") for port in ours}


def test_doctor_finds_a_running_stack_well(stack: StackProcess) -> None:
    done = stack.gxy("doctor", "--json")
    assert done.returncode == 0, done.stdout
    checks = {finding["check"] for finding in json.loads(done.stdout)}
    assert {"clickhouse", "schema", "oltp", "ingest", "loader", "postgres"} <= checks


def test_a_second_up_on_the_same_directory_is_refused(stack: StackProcess) -> None:
    second = StackProcess(stack.data_dir, free_port_base())
    assert second.process.wait(30) == 1
    assert f"a stack already runs on {stack.data_dir} (pid {stack.process.pid})" in second.output
    assert stack.gxy("doctor").returncode == 0


def test_a_taken_port_is_named_with_the_setting_that_moves_it(data_dir: Path) -> None:
    base = free_port_base()
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 2))
        other.listen()
        stack = StackProcess(data_dir, base)
        assert stack.process.wait(30) == 1
    assert f"port {base + 2} on 127.0.0.1 is not free for the ingest service" in stack.output
    assert "GXY_INGEST_PORT" in stack.output
    assert "Traceback" not in stack.output
    assert not processes_of(data_dir)


def test_a_killed_clickhouse_is_announced_and_repaired_with_its_rows(stack: StackProcess) -> None:
    event_id = track(stack, tenant(stack, "survivor"))
    url = stack.env()["GXY_CLICKHOUSE_URL"]
    with connect(url, purpose="test") as client:
        stack.wait_until(lambda: count_of(client, event_id) == 1, 20)
    before = stack.pids()["clickhouse"]
    os.kill(before, signal.SIGKILL)
    stack.wait_for("died (killed by SIGKILL)", 20)
    # It also came back when a tenant's login was opened.
    stack.wait_until(lambda: "is back after" in stack.output.partition("killed by SIGKILL")[2], 30)
    assert str(stack.data_dir / "logs" / "clickhouse.log") in stack.output
    with connect(url, purpose="test") as client:
        assert count_of(client, event_id) == 1
    stack.wait_until(lambda: stack.pids()["clickhouse"] != before, 5)
    assert stack.pids()["clickhouse"] != before


def test_no_end_of_gxy_up_leaves_a_process_or_loses_an_event(data_dir: Path) -> None:
    base = free_port_base()
    first = StackProcess(data_dir, base, "--without", "dagster").ready()
    key = tenant(first, "acme")
    before_kill = track(first, key)
    assert len(processes_of(data_dir)) >= 5
    first.process.kill()
    first.process.wait()
    assert wait_until_gone(data_dir) == {}

    second = StackProcess(data_dir, base, "--without", "dagster").ready()
    with connect(second.env()["GXY_CLICKHOUSE_URL"], purpose="test") as client:
        second.wait_until(lambda: count_of(client, before_kill) == 1, 20)
        assert count_of(client, before_kill) == 1
    track(second, key)
    assert second.stop(signal.SIGINT) == 0
    assert processes_of(data_dir) == {}
    assert not (data_dir / "run" / "stack.json").exists()
    assert "did not stop" not in second.output
    status = json.loads((data_dir / "loader" / "status.json").read_text())
    assert [slot["lag_bytes"] for slot in status["slots"].values()] == [0], "the loader stopped before the spool was empty"


def test_given_servers_are_used_and_none_is_embedded(stacks: tuple[StackProcess, StackProcess], data_dir: Path) -> None:
    given = {name: value for name, value in stacks[1].env().items() if name in ("GXY_CLICKHOUSE_URL", "GXY_OLTP_URL")}
    guest = StackProcess(data_dir, free_port_base(), "--without", "dagster", **given).ready()
    assert set(guest.pids()) == {"gxy", "loader", "ingest"}
    assert guest.env()["GXY_CLICKHOUSE_URL"] == given["GXY_CLICKHOUSE_URL"]
    event_id = track(guest, tenant(guest, "guest"))
    with connect(given["GXY_CLICKHOUSE_URL"], purpose="test") as client:
        guest.wait_until(lambda: count_of(client, event_id) == 1, 20)
        assert count_of(client, event_id) == 1
    assert guest.stop() == 0
