"""A run of erasure: asked for once, stopped by a guard or a hold, killed and taken up, and never sure of what it cannot count."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from erasure_world import quick_cleanup, write_key

from gxy_analytics.cli import gxy
from gxy_analytics.governance.erasure import steps
from gxy_analytics.governance.erasure.errors import HeldError
from gxy_analytics.governance.erasure.requests import Request, get_request, list_requests, states
from gxy_analytics.governance.erasure.run import process, process_open, request_erasure, retry
from gxy_analytics.governance.erasure.sql import SYNC
from gxy_analytics.governance.erasure.tenants import erase_tenant, tenant_parts_left
from gxy_analytics.governance.retention.holds import lift_hold, place_hold
from gxy_analytics.governance.subjects.subjects import NoSuchSubjectError
from gxy_analytics.quality.ledger import check_raw_events
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.single_writer import single_writer

ANNA, CLEO = "a" * 64, "c" * 64
NOW = datetime.now(UTC).replace(microsecond=0)
PARTS_LEFT = steps.parts_left
CLEANUP_SECONDS = 180  # of a server that is asked to be quick: a cleanup that already waits is not woken
KILLED_AT = ("received", "suppressed", "erasing")


@pytest.fixture
def stack(clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A key, two tenants, and neither loaders nor old parts that are waited for: those take ten seconds to go."""
    write_key(settings)
    monkeypatch.setattr(steps, "ACK_SECONDS", 0.1)
    monkeypatch.setattr(steps, "parts_left", lambda *_: {})
    for name in ("data_dir", "clickhouse_url"):
        monkeypatch.setenv(f"GXY_{name.upper()}", str(getattr(settings, name)))
    clickhouse.insert("tenants", [[slug, NOW] for slug in ("acme", "umbra")], ["tenant_id", "changed_at"], database="governance")
    yield clickhouse


def shop(client: Client, who: str, events: int, *, tenant: str = "acme", happened: datetime = NOW - timedelta(hours=1)) -> None:
    """Events of a customer on her own browser, one a second back from then, with their entry in the ledger."""
    rows = [[tenant, uuid4(), who, f"browser-{who[:4]}", happened - timedelta(seconds=n), happened, NOW] for n in range(events)]
    names = ["tenant_id", "event_id", "customer_pid", "anonymous_id", "event_time", "received_at", "loaded_at"]
    client.insert("events", rows, column_names=names, database="raw")
    book(client, tenant, events)


def book(client: Client, tenant: str, events: int) -> None:
    """An entry in the ledger by a loader that said long ago that it was done: nobody waits for it."""
    then = NOW - timedelta(days=30)
    client.insert("ingest_ledger", [[tenant, f"n-0:{uuid4()}", events, events, 0, 0, 0, then]], database="governance")


def ask(client: Client, settings: Settings, who: str = ANNA, **given: Any) -> Request:
    return request_erasure(client, settings, "acme", customer_pid=who, reason="ticket 7", **given)


def finish(client: Client, settings: Settings, request: Request, seconds: float = 60) -> Request:
    deadline = time.monotonic() + seconds
    while request.is_open and time.monotonic() < deadline:
        request = process(client, settings, request.request_id)
        time.sleep(0.2)
    return request


def events_of(client: Client, who: str) -> int:
    rows = client.query("select count() from raw.events where customer_pid = {who:String}", parameters={"who": who}).result_rows
    return int(rows[0][0])


def test_asking_twice_while_the_first_request_is_open_is_one_request(stack: Client, settings: Settings) -> None:
    shop(stack, ANNA, 3)
    shop(stack, CLEO, 3)
    first = ask(stack, settings)
    assert ask(stack, settings).request_id == first.request_id
    by_browser = request_erasure(stack, settings, "acme", anonymous_id="browser-aaaa", reason="ticket 8")
    assert by_browser.request_id == first.request_id
    assert ask(stack, settings, CLEO).request_id != first.request_id
    assert finish(stack, settings, first).state == "done"
    with pytest.raises(NoSuchSubjectError):
        ask(stack, settings)


def test_a_run_that_would_match_too_much_stops_before_anything_changes_until_it_is_allowed(
    stack: Client, settings: Settings
) -> None:
    shop(stack, ANNA, 1_100)
    shop(stack, CLEO, 5_000, tenant="umbra")
    failed = process(stack, settings, ask(stack, settings).request_id)
    assert failed.state == "failed" and "1100 of the 6100 rows of raw.events" in failed.error
    assert events_of(stack, ANNA) == 1_100
    assert stack.query("select count() from governance.suppressions").result_rows == [(0,)]
    again = retry(stack, settings, failed.request_id)
    assert process(stack, settings, again.request_id).state == "failed"
    retry(stack, settings, failed.request_id, allowed_proportion=0.2)
    assert finish(stack, settings, get_request(stack, failed.request_id)).state == "done"
    assert events_of(stack, ANNA) == 0 and events_of(stack, CLEO) == 5_000


def test_what_happened_after_the_request_stays(stack: Client, settings: Settings) -> None:
    shop(stack, ANNA, 3)
    request = ask(stack, settings)
    shop(stack, ANNA, 2, happened=datetime.now(UTC) + timedelta(seconds=5))
    assert finish(stack, settings, request).state == "done"
    assert events_of(stack, ANNA) == 2
    assert check_raw_events(stack).passed


def test_a_legal_hold_forbids_asking_and_running(stack: Client, settings: Settings) -> None:
    shop(stack, ANNA, 3)
    request = ask(stack, settings)
    hold = place_hold(stack, "acme", "a dispute", actor="counsel")
    failed = process(stack, settings, request.request_id)
    assert failed.state == "failed" and str(hold.hold_id) in failed.error and events_of(stack, ANNA) == 3
    with pytest.raises(HeldError, match="a dispute"):
        ask(stack, settings)
    with pytest.raises(HeldError, match="a dispute"):
        erase_tenant(stack, settings, "acme")
    lift_hold(stack, hold.hold_id, actor="counsel")
    assert finish(stack, settings, retry(stack, settings, failed.request_id)).state == "done"


def test_rows_that_come_in_behind_the_deletion_are_erased_by_another_attempt(
    stack: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(stack, ANNA, 3)
    request = ask(stack, settings)
    late = [2]

    def purge_late(client: Client, table: Any) -> None:
        if table.name == "raw.events" and late:
            shop(client, ANNA, late.pop())
        purge(client, table)

    purge = steps.purge
    monkeypatch.setattr(steps, "purge", purge_late)
    done = finish(stack, settings, request)
    assert done.state == "done" and done.report["attempts"] == 2
    assert done.report["tables"]["raw.events"]["erased"] == 5
    assert check_raw_events(stack).passed


def test_rows_that_come_back_after_every_attempt_fail_the_request(
    stack: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(stack, ANNA, 3)
    request = ask(stack, settings)
    purge = steps.purge

    def purge_leak(client: Client, table: Any) -> None:
        purge(client, table)
        if table.name == "raw.events":
            shop(client, ANNA, 1)

    monkeypatch.setattr(steps, "purge", purge_leak)
    failed = finish(stack, settings, request)
    assert failed.state == "failed" and "1 in raw.events" in failed.error
    monkeypatch.setattr(steps, "purge", purge)
    assert finish(stack, settings, retry(stack, settings, request.request_id)).state == "done"


def test_a_count_that_cannot_be_taken_fails_the_run(stack: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    shop(stack, ANNA, 3)
    request = ask(stack, settings)
    stack.command("create table marts.dim_customers (tenant_id String, other String) engine = MergeTree order by tenant_id")
    failed = process(stack, settings, request.request_id)
    assert failed.state == "failed" and "marts.dim_customers could not be counted" in failed.error
    assert events_of(stack, ANNA) == 3


def test_a_table_that_nobody_registered_fails_the_run(stack: Client, settings: Settings) -> None:
    shop(stack, ANNA, 3)
    request = ask(stack, settings)
    stack.command("create table features.taste (tenant_id String, visitor_id String) engine = MergeTree order by tenant_id")
    failed = process(stack, settings, request.request_id)
    assert failed.state == "failed" and "features.taste" in failed.error


def test_detached_parts_fail_the_run(stack: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "parts_left", PARTS_LEFT)
    shop(stack, ANNA, 3)
    shop(stack, CLEO, 3, happened=NOW - timedelta(days=40))
    ((partition,),) = stack.query("select distinct _partition_id from raw.events where customer_pid like 'c%'").result_rows
    stack.command(f"alter table raw.events detach partition id '{partition}'")
    try:
        failed = finish(stack, settings, ask(stack, settings))
        assert failed.state == "failed" and "raw.events has detached parts" in failed.error
    finally:
        stack.command(
            f"alter table raw.events drop detached partition id '{partition}'", settings={"allow_drop_detached": 1} | SYNC
        )


def test_a_node_that_loads_is_waited_for_until_its_spool_is_clean_or_its_disk_is_gone(stack: Client, settings: Settings) -> None:
    shop(stack, ANNA, 3)
    stack.insert("ingest_ledger", [["acme", "node-a-0:1:0-9", 0, 0, 0, 0, 0, NOW]], database="governance")
    request = process(stack, settings, ask(stack, settings).request_id)
    assert request.state == "verifying" and "node node-a: acknowledgement" in request.progress["waiting"]
    assert events_of(stack, ANNA) == 0
    acknowledge(stack, request.request_id, "node-a", None)
    assert process(stack, settings, request.request_id).progress["waiting"] == ["node node-a: spool"]
    gone = process(stack, settings, request.request_id, gone_nodes=("node-a",))
    assert gone.state == "done" and gone.report["gone_nodes"] == ["node-a"]


def acknowledge(client: Client, request_id: UUID, node: str, clean_at: datetime | None) -> None:
    client.insert(
        "suppression_acks",
        [[node, request_id, NOW, clean_at]],
        column_names=["node_id", "request_id", "acknowledged_at", "spool_clean_at"],
        database="governance",
    )


def test_marts_are_erased_while_no_build_runs(stack: Client, settings: Settings) -> None:
    shop(stack, ANNA, 3)
    request = ask(stack, settings)
    worker = threading.Thread(target=lambda: process(stack, settings, request.request_id))
    with single_writer(settings.data_dir):
        worker.start()
        time.sleep(2)
        assert get_request(stack, request.request_id).state == "erasing"
    worker.join(30)
    assert get_request(stack, request.request_id).state in ("verifying", "done")


@pytest.mark.parametrize("state", KILLED_AT)
def test_a_run_that_is_killed_is_taken_up_and_finished_by_the_next(
    state: str, stack: Client, settings: Settings, tmp_path: Path
) -> None:
    """The process is killed with -9 as soon as the request is in that state."""
    shop(stack, ANNA, 900)
    shop(stack, CLEO, 50)
    request = ask(stack, settings)
    # While a build holds the lock a run stands in `erasing`; a loader that does not answer keeps it in `suppressed`.
    if state == "suppressed":
        stack.insert("ingest_ledger", [["acme", "slow-0:1:0-9", 0, 0, 0, 0, 0, NOW]], database="governance")
    with single_writer(settings.data_dir):
        killed = kill_in(stack, settings, request, state)
    assert killed.state in KILLED_AT and killed.is_open
    done = [one for one in process_open(stack, settings) if one.request_id == request.request_id]
    assert len(done) == 1
    ended = finish_without(stack, settings, request, "slow")
    assert ended.state == "done" and events_of(stack, ANNA) == 0 and events_of(stack, CLEO) == 50
    assert ended.report["tables"]["raw.events"]["erased"] == 900
    assert check_raw_events(stack).passed, check_raw_events(stack).description
    assert stack.query("select count() from governance.suppressions final").result_rows == [(2,)]


def kill_in(client: Client, settings: Settings, request: Request, state: str) -> Request:
    """Run `gxy erase run` and kill it in that state."""
    environment = {**os.environ, **settings.as_env()}
    code = "from gxy_analytics.cli import main; main()"
    argv = [sys.executable, "-c", code, "erase", "run", str(request.request_id), "--wait", "0"]
    process_ = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while get_request(client, request.request_id).state != state or (state == "received" and not started(client)):
        assert time.monotonic() < deadline and process_.poll() is None
        time.sleep(0.005)
    if state == "erasing":
        while events_of(client, ANNA):  # in the middle: raw is done, the marts are not
            time.sleep(0.005)
    process_.send_signal(signal.SIGKILL)
    process_.wait()
    return get_request(client, request.request_id)


def started(client: Client) -> bool:
    """Whether the run has begun to look: its queries are those of `gxy erase`."""
    rows = client.query("select count() from system.processes where query not like '%system.processes%'").result_rows
    return bool(rows[0][0])


def finish_without(client: Client, settings: Settings, request: Request, node: str) -> Request:
    deadline = time.monotonic() + 60
    request = get_request(client, request.request_id)
    while request.is_open and time.monotonic() < deadline:
        request = process(client, settings, request.request_id, gone_nodes=(node,))
        time.sleep(0.2)
    return request


def test_the_command_asks_works_shows_and_lists(stack: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "parts_left", PARTS_LEFT)
    quick_cleanup(stack)
    shop(stack, ANNA, 3)
    who = ["erase", "--tenant", "acme", "--customer-pid", ANNA, "--reason", "ticket 9"]
    dry = run(*who, "--dry-run", "--json")
    assert dry["raw.events"] == {"rows": 3, "matched": 3} and events_of(stack, ANNA) == 3
    assert list_requests(stack) == []
    done = run(*who, "--yes", "--json", "--wait", str(CLEANUP_SECONDS))
    assert done["state"] == "done" and done["report"]["tables"]["raw.events"]["erased"] == 3
    shown = run("erase", "show", done["request_id"], "--json")
    assert shown["report"] == done["report"] and ANNA not in json.dumps(shown)
    assert [state["state"] for state in shown["states"]] == [one["state"] for one in states(stack, list_requests(stack)[0])]
    assert [one["request_id"] for one in run("erase", "list", "--json")] == [done["request_id"]]
    assert run("erase", "list", "--open", "--json") == [] == run("erase", "run", "--json")


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(gxy, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_a_whole_tenant_leaves_and_the_others_do_not(stack: Client, settings: Settings) -> None:
    shop(stack, ANNA, 2_000)
    shop(stack, CLEO, 30, tenant="umbra")
    stack.insert("oltp_customers", [["acme", ANNA], ["umbra", CLEO]], ["tenant_id", "customer_pid"], database="raw")
    quick_cleanup(stack)
    report = erase_tenant(stack, settings, "acme")
    assert report["tables"]["raw.events"] == {"erased": 2_000, "surviving": 0}
    assert report["tables"]["raw.oltp_customers"] == {"erased": 1, "surviving": 0}
    assert {"governance.audit", "governance.suppressions", "governance.tenants"} <= report["kept"].keys()
    for table in ("raw.events", "raw.oltp_customers", "governance.ingest_ledger", "governance.arrivals"):
        rows = stack.query(f"select distinct toString(tenant_id) from {table}").result_rows
        assert rows == [("umbra",)], table
    assert check_raw_events(stack).passed
    deadline = time.monotonic() + CLEANUP_SECONDS
    while tenant_parts_left(stack, report) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert tenant_parts_left(stack, report) == []
    assert erase_tenant(stack, settings, "acme")["tables"]["raw.events"]["erased"] == 0
