"""Retention and a tenant's life as the user of the eraser's role: with what the access specification grants, and nothing refused.

What they do is proved in `test_retention` and `test_tenant_removal`; that the role may do nothing else, in tests/security.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import extract
from lifecycle_world import counts, extract_everything, fill_everywhere
from retention_world import ZONES, behaviour_tables, count, dead_letters, events, tenants, visit

from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.access.access import open_access
from gxy_analytics.governance.lifecycle import removing
from gxy_analytics.governance.lifecycle.mirror import follow_backend
from gxy_analytics.governance.lifecycle.removals import BACKEND, ask_removal, cancel_removal, list_removals
from gxy_analytics.governance.lifecycle.removing import run_due_removals
from gxy_analytics.governance.lifecycle.states import resume, state_of, suspend
from gxy_analytics.governance.retention.apply import apply
from gxy_analytics.governance.retention.holds import lift_hold, place_hold
from gxy_analytics.governance.retention.overdue import check_overdue
from gxy_analytics.governance.retention.periods import set_period
from gxy_analytics.governance.retention.report import report
from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

NOW = datetime.now(UTC)
MONTH = timedelta(days=30)
REFUSED = (
    "select distinct exception from system.query_log "
    "where user = 'gxy_eraser' and exception_code in (164, 452, 497) and event_time >= {since:DateTime}"
)


@dataclass
class RoleWorld:
    """A server with the users of the roles: `admin` fills it, `eraser` works. `settings` name no administrator."""

    admin: Client
    eraser: Client
    settings: Settings

    def refused(self) -> list[str]:
        """What the eraser was refused."""
        self.admin.command("system flush logs query_log")
        found = self.admin.query(REFUSED, parameters={"since": NOW.replace(microsecond=0)}).result_rows
        return [message for (message,) in found]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A server of its own, started again with the users of the roles."""
    data_dir = tmp_path_factory.mktemp("roles")
    server = EmbeddedClickHouse(data_dir / "clickhouse", "test-password", free_port(), free_port())
    settings = Settings(data_dir=data_dir, clickhouse_url=server.url)
    load_master_key(settings.master_key_path, create=True)
    server.start()
    try:
        with connect(server.url, purpose="tests") as client:
            migrate(client, settings)
        with open_access(settings) as access:
            access.write_for_next_start()
        server.stop()
        server.start()
        yield settings
    finally:
        server.stop()


@pytest.fixture
def world(server: Settings, settings: Settings) -> Iterator[RoleWorld]:
    with open_access(server) as access:
        eraser_url = access.role_url("eraser")
    values = {"data_dir": server.data_dir, "clickhouse_url": None, "eraser_clickhouse_url": eraser_url}
    with opened(server.clickhouse_url or "") as admin, opened(eraser_url) as eraser:
        yield RoleWorld(admin, eraser, settings.model_copy(update=values))


@contextmanager
def opened(url: str) -> Iterator[Client]:
    with connect(url, purpose="roles") as client:
        yield client


def test_everything_that_is_over_goes_by_the_erasers_user(world: RoleWorld) -> None:
    tenants(world.admin)
    behaviour_tables(world.admin)
    for days in (1300, 800, 420, 1):
        events(world.admin, "kiwi", [NOW - timedelta(days=days)])
        events(world.admin, "surf", [NOW - timedelta(days=days)], received=NOW)
        visit(world.admin, "kiwi", (NOW - timedelta(days=days)).astimezone(ZoneInfo(ZONES["kiwi"])).date())
    dead_letters(world.admin, "kiwi", [NOW - timedelta(days=100), NOW])
    world.admin.command("optimize table raw.events final")
    set_period(world.eraser, world.settings, "surf", "raw.events_rejected", 30, actor="test")
    hold = place_hold(world.eraser, "kiwi", "a dispute", actor="counsel")
    assert all(one.rows == 0 for one in apply(world.eraser, world.settings, NOW, uuid4()))
    lift_hold(world.eraser, hold.hold_id, actor="counsel")
    done = {one.rule.name: one for one in apply(world.eraser, world.settings, NOW, uuid4())}
    assert done["raw.events"].rows == done["raw.events:visitor"].rows + 1 == 2
    assert (done["raw.events_rejected"].rows, done["marts.fct_sessions"].rows, done["staging.stg_web__events"].rows) == (1, 1, 2)
    assert (count(world.admin, "raw.events"), count(world.admin, "raw.events_rejected")) == (6, 1)
    assert check_overdue(world.eraser, world.settings, NOW).passed
    assert report(world.eraser, tenant_id="kiwi", since=NOW - MONTH)
    assert world.refused() == []


def test_tenants_stop_leave_and_go_by_the_erasers_user(
    world: RoleWorld, oltp: psycopg.Connection, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "DOOR_SECONDS", 0.0)
    world.admin.command("drop table if exists marts.fct_orders")
    extract_everything(source, world.admin)
    create_write_key(world.admin, "acme")
    assert suspend(world.eraser, "umbra", "unpaid").status == "suspended"
    assert resume(world.eraser, "umbra").status == "active"
    ask_removal(world.eraser, "umbra", reason="contract ended", after=MONTH)
    assert cancel_removal(world.eraser, "umbra").state == "cancelled"
    names = fill_everywhere(world.admin, "acme", "umbra")
    before = counts(world.admin, names, "umbra")
    oltp.execute("set session_replication_role = replica; delete from tenants where slug = 'acme'")
    oltp.execute("set session_replication_role = origin")
    extract("tenants", source, world.admin)
    followed = follow_backend(world.eraser, world.settings)
    assert followed.leaving == ("acme",)
    (removal,) = (one for one in list_removals(world.eraser, "acme"))
    assert removal.asked_by == BACKEND
    (done,) = run_due_removals(world.eraser, world.settings, NOW + 2 * MONTH)
    assert (done.tenant_id, done.state) == ("acme", "removed"), done.error
    assert not any(counts(world.admin, names, "acme").values())
    assert counts(world.admin, names, "umbra") == before
    assert state_of(world.eraser, "umbra").status == "active"
    assert world.refused() == []
