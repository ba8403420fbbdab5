"""Removing a tenant: asked, due, erased everywhere, verified, remembered; never brought back by accident."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from extraction_world import rows
from lifecycle_world import acts, counts, extract_everything, fill_everywhere

from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.lifecycle import removing, spools
from gxy_analytics.governance.lifecycle.removals import (
    HeldError,
    NotCancellableError,
    RemovalAskedError,
    ask_removal,
    cancel_removal,
    list_removals,
    open_removal,
)
from gxy_analytics.governance.lifecycle.removing import NotRemovedError, run_due_removals, run_removal
from gxy_analytics.governance.lifecycle.states import NotResumableError, resume, state_of, suspend
from gxy_analytics.governance.retention.holds import lift_hold, place_hold
from gxy_analytics.governance.suppressions import load
from gxy_analytics.governance.tenants.commands import tenant
from gxy_analytics.governance.tenants.tenants import RemovedTenantError, add_tenant
from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.settings import Settings

MONTH = timedelta(days=30)
NOW = timedelta()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, clickhouse: Client) -> Iterator[None]:
    """No worker of an ingest service has to notice anything here, and nobody waits minutes for the server to drop old parts."""
    monkeypatch.setattr(removing, "DOOR_SECONDS", 0.0)
    monkeypatch.setattr(removing, "tenant_parts_left", lambda *_: [])
    yield
    clickhouse.command("system start ttl merges")


def test_everything_of_the_tenant_goes_and_nothing_of_its_neighbour(
    source: Source, clickhouse: Client, settings: Settings
) -> None:
    extract_everything(source, clickhouse)
    for slug in ("acme", "umbra"):
        create_write_key(clickhouse, slug)
    names = fill_everywhere(clickhouse, "acme", "umbra")
    clickhouse.command("insert into governance.access_users values ('tenant_acme', 2, now64(3)), ('tenant_umbra', 2, now64(3))")
    before = counts(clickhouse, names, "umbra")
    assert sum(map(bool, counts(clickhouse, names, "acme").values())) >= len(names) - 1, "sums of nothing are dropped at once"
    removal = run_removal(clickhouse, settings, ask_removal(clickhouse, "acme", reason="contract ended", after=NOW))
    assert removal.state == "removed"
    assert not any(counts(clickhouse, names, "acme").values())
    assert counts(clickhouse, names, "umbra") == before
    assert rows(clickhouse, "select tenant_id, status from governance.tenants final") == [("umbra", "active")]
    assert rows(clickhouse, "select user_name from governance.access_users final") == [("tenant_umbra",)]
    assert rows(clickhouse, "select distinct tenant_id from governance.write_keys") == [("umbra",)]
    (stored,) = list_removals(clickhouse, "acme")
    assert stored.report["rows"] == sum(table["erased"] for table in stored.report["tables"].values()) >= len(names)
    assert set(stored.report["tables"]) >= set(names)
    assert stored.report["kept"]["platform.category_trends"]
    assert acts(clickhouse, "acme") == ["tenant.removal_asked", "tenant.removal_begun", "tenant.removed"]
    assert load(clickhouse).is_removed("acme"), "a loader that comes back in a year stores nothing of it"


def test_a_tenant_that_is_to_be_removed_is_stopped_until_it_is_due_and_returns_when_it_is_cancelled(
    source: Source, clickhouse: Client, settings: Settings
) -> None:
    extract_everything(source, clickhouse)
    ask_removal(clickhouse, "acme", reason="contract ended", after=MONTH)
    assert state_of(clickhouse, "acme").status == "removing"
    with pytest.raises(RemovalAskedError, match="--cancel"):
        ask_removal(clickhouse, "acme", reason="again", after=NOW)
    with pytest.raises(NotResumableError, match="--cancel"):
        resume(clickhouse, "acme")
    extract_everything(source, clickhouse)
    assert state_of(clickhouse, "acme").status == "removing"
    assert run_due_removals(clickhouse, settings, datetime.now(UTC) + MONTH - timedelta(minutes=1)) == []
    assert cancel_removal(clickhouse, "acme").state == "cancelled"
    assert state_of(clickhouse, "acme").status == "active"
    with pytest.raises(NotCancellableError):
        cancel_removal(clickhouse, "acme")
    ask_removal(clickhouse, "acme", reason="after all", after=MONTH)
    (done,) = run_due_removals(clickhouse, settings, datetime.now(UTC) + MONTH + timedelta(minutes=1))
    assert (done.tenant_id, done.state) == ("acme", "removed")


def test_a_removal_that_is_cancelled_leaves_a_suspension_as_it_was(source: Source, clickhouse: Client) -> None:
    extract_everything(source, clickhouse)
    suspend(clickhouse, "acme", "unpaid")
    ask_removal(clickhouse, "acme", reason="contract ended", after=MONTH)
    cancel_removal(clickhouse, "acme")
    assert state_of(clickhouse, "acme").status == "suspended"
    assert resume(clickhouse, "acme").status == "active"


def test_a_removed_tenant_is_not_extracted_again_though_the_backend_lists_it(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, settings: Settings
) -> None:
    extract_everything(source, clickhouse)
    names = fill_everywhere(clickhouse, "acme", "umbra")
    run_removal(clickhouse, settings, ask_removal(clickhouse, "acme", reason="contract ended", after=NOW))
    oltp.execute("update orders set grand_total = grand_total + 1, updated_at = now() at time zone 'utc'")
    assert extract_everything(source, clickhouse) == dict.fromkeys(extract_everything(source, clickhouse), ("acme",))
    assert not any(counts(clickhouse, names, "acme").values())
    assert rows(clickhouse, "select count() from governance.extraction_rejects where tenant_id = '' and row_key != ''") == [(0,)]
    changed = rows(clickhouse, "select grand_total from raw.oltp_orders final where tenant_id = 'umbra' and order_id = 2")
    assert [str(total) for (total,) in changed] == ["10.9900"]
    oltp.execute("update tenants set slug = 'acme-old' where slug = 'acme'")
    oltp.execute("insert into tenants (slug, name) values ('acme', 'Acme anew')")
    assert set(extract_everything(source, clickhouse)["tenants"]) == {"acme"}
    assert rows(clickhouse, "select tenant_id from governance.tenants final") == [("umbra",)]


def test_the_slug_of_a_removed_tenant_is_used_again_on_purpose_alone(
    source: Source, clickhouse: Client, settings: Settings
) -> None:
    assert settings.oltp_url
    extract_everything(source, clickhouse)
    asked = ask_removal(clickhouse, "acme", reason="contract ended", after=NOW)
    with pytest.raises(RemovedTenantError, match="--cancel"):
        add_tenant(clickhouse, settings.oltp_url, "acme")
    run_removal(clickhouse, settings, asked)
    with pytest.raises(RemovedTenantError, match="gxy tenant add acme --again"):
        add_tenant(clickhouse, settings.oltp_url, "acme")
    environment = {
        "GXY_CLICKHOUSE_URL": settings.clickhouse_url,
        "GXY_OLTP_URL": settings.oltp_url,
        "GXY_DATA_DIR": str(settings.data_dir),
    }
    command = ["add", "acme", "--again", "--no-login"]
    assert "adopted tenant acme" in CliRunner().invoke(tenant, command, env=environment, catch_exceptions=False).output
    assert not load(clickhouse).is_removed("acme")
    assert extract_everything(source, clickhouse)["orders"] == ()
    assert rows(clickhouse, "select count() from raw.oltp_orders final where tenant_id = 'acme'") == [(1,)]
    assert state_of(clickhouse, "acme").status == "active"


def test_a_legal_hold_refuses_the_removal_whenever_it_comes(source: Source, clickhouse: Client, settings: Settings) -> None:
    extract_everything(source, clickhouse)
    removal = ask_removal(clickhouse, "acme", reason="contract ended", after=NOW)
    hold = place_hold(clickhouse, "acme", "court order 7", actor="counsel")
    with pytest.raises(HeldError, match="court order 7"):
        run_removal(clickhouse, settings, removal)
    (touched,) = run_due_removals(clickhouse, settings)
    assert (touched.state, "court order 7" in touched.error) == ("asked", True)
    assert rows(clickhouse, "select count() from raw.oltp_orders final where tenant_id = 'acme'") == [(1,)]
    cancel_removal(clickhouse, "acme")
    with pytest.raises(HeldError):
        ask_removal(clickhouse, "acme", reason="contract ended", after=NOW)
    lift_hold(clickhouse, hold.hold_id, actor="counsel")
    assert ask_removal(clickhouse, "acme", reason="contract ended", after=NOW).state == "asked"


def test_a_removal_ends_when_the_loader_of_every_node_says_that_its_spool_is_clear(
    source: Source, clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "SPOOL_SECONDS", 0.0)
    extract_everything(source, clickhouse)
    clickhouse.command(
        "insert into governance.ingest_ledger values ('umbra', 'node-b-0:1:0-1', 1, 1, 0, 0, 0, now64(3)), "
        "('umbra', 'retired-0:1:0-1', 1, 1, 0, 0, 0, now64(3) - interval 60 day)"
    )
    removal = ask_removal(clickhouse, "acme", reason="contract ended", after=NOW)
    with pytest.raises(NotRemovedError, match="the loader of node-b "):
        run_removal(clickhouse, settings, removal)
    waiting = open_removal(clickhouse, "acme")
    assert waiting is not None
    assert waiting.state == "verifying"
    acknowledged = [["node-b", removal.removal_id, datetime.now(UTC), datetime.now(UTC)]]
    columns = ["node_id", "request_id", "acknowledged_at", "spool_clean_at"]
    clickhouse.insert("suppression_acks", acknowledged, column_names=columns, database="governance")
    (done,) = run_due_removals(clickhouse, settings)
    assert done.state == "removed"
    assert set(done.report["spools"]) == {"node-b"}
    assert spools.unclean_nodes(clickhouse, uuid4(), ["node-b"]) == ["node-b"]


def test_a_removal_ends_when_the_server_has_dropped_the_parts_that_held_the_rows(
    source: Source, clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract_everything(source, clickhouse)
    monkeypatch.setattr(removing, "PARTS_SECONDS", 0.0)
    # What a server that is slow to clear up would have; that it is really looked at is proved in `test_removal_http`.
    monkeypatch.setattr(removing, "tenant_parts_left", lambda *_: ["raw.oltp_orders"])
    with pytest.raises(NotRemovedError, match=r"old parts of .*raw\.oltp_orders"):
        run_removal(clickhouse, settings, ask_removal(clickhouse, "acme", reason="contract ended", after=NOW))
    monkeypatch.setattr(removing, "tenant_parts_left", lambda *_: [])
    (done,) = run_due_removals(clickhouse, settings)
    assert done.state == "removed"
    assert done.report["tables"]["raw.oltp_orders"] == {"erased": 1, "surviving": 0}


def test_rows_that_a_process_under_way_wrote_after_the_removal_go_with_the_next_run(
    source: Source, clickhouse: Client, settings: Settings
) -> None:
    extract_everything(source, clickhouse)
    names = fill_everywhere(clickhouse, "acme")
    removed = run_removal(clickhouse, settings, ask_removal(clickhouse, "acme", reason="contract ended", after=NOW))
    assert run_due_removals(clickhouse, settings) == []
    clickhouse.command("insert into raw.events (tenant_id) values ('acme'), ('acme')")
    (again,) = run_due_removals(clickhouse, settings)
    assert not any(counts(clickhouse, names, "acme").values())
    assert again.report["tables"]["raw.events"]["erased"] == removed.report["tables"]["raw.events"]["erased"] + 2


def test_a_removal_that_is_killed_in_the_middle_is_finished_by_the_next_run(
    source: Source, clickhouse: Client, settings: Settings
) -> None:
    extract_everything(source, clickhouse)
    names = fill_everywhere(clickhouse, "acme", "umbra")
    before = counts(clickhouse, names, "umbra")
    # The process comes as far as this table, whose rows cannot go, and is killed there.
    clickhouse.command("system stop merges raw.oltp_shipments")
    command = ["tenant", "remove", "acme", "--reason", "contract ended", "--now", "--confirm", "acme"]
    environment = {
        **os.environ,
        "GXY_CLICKHOUSE_URL": str(settings.clickhouse_url),
        "GXY_OLTP_URL": str(settings.oltp_url),
        "GXY_DATA_DIR": str(settings.data_dir),
    }
    process = subprocess.Popen([sys.executable, "-c", "from gxy_analytics.cli import main; main()", *command], env=environment)
    try:
        wait(lambda: process.poll() is not None or not count(clickhouse, "raw.oltp_orders"))
        assert process.poll() is None
        time.sleep(0.5)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        clickhouse.command("system start merges raw.oltp_shipments")
    begun = open_removal(clickhouse, "acme")
    assert begun is not None
    assert begun.state == "removing"
    (done,) = run_due_removals(clickhouse, settings)
    assert done.state == "removed"
    assert not any(counts(clickhouse, names, "acme").values())
    assert counts(clickhouse, names, "umbra") == before


def test_the_command_asks_for_the_slug_before_it_erases_at_once(source: Source, clickhouse: Client, settings: Settings) -> None:
    extract_everything(source, clickhouse)
    environment = {"GXY_CLICKHOUSE_URL": settings.clickhouse_url, "GXY_DATA_DIR": str(settings.data_dir)}

    def run(*arguments: str, typed: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(tenant, ["remove", "acme", *arguments], input=typed, env=environment, catch_exceptions=False)
        return done.exit_code, done.output

    assert run("--reason", "over", "--now", typed="umbra\n")[0] == 2
    assert run("--reason", "over", typed="n\n")[0] == 1
    assert list_removals(clickhouse) == []
    asked = json.loads(run("--reason", "over", "--yes", "--after", "10d", "--json")[1].splitlines()[-1])
    assert asked["state"] == "asked"
    assert datetime.fromisoformat(asked["due_at"]) - datetime.fromisoformat(asked["asked_at"]) == timedelta(days=10)
    assert "stays: the removal is called off" in run("--cancel")[1]
    assert "rows erased, none left" in run("--reason", "over", "--now", typed="acme\n")[1]


def count(client: Client, table: str) -> int:
    return counts(client, [table], "acme")[table]


def wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
