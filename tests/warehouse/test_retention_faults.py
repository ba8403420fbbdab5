"""Killed anywhere, the next run ends where it would have; what the engine drops by itself can never be under a hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError
from retention_world import NOW, ago, count, events, tenants

from gxy_analytics.governance.retention import apply as applying
from gxy_analytics.governance.retention.apply import apply
from gxy_analytics.governance.retention.holds import place_hold
from gxy_analytics.governance.retention.rules import rules
from gxy_analytics.governance.retention.ttl import apply_ttls
from gxy_analytics.quality.ledger import check_raw_events
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

BOOKS = (
    "select tenant_id, rule_name, sum(rows), sum(events) from governance.retention_runs final "
    "where state = 'done' group by all order by all"
)
ROOT = Path(__file__).parents[2]
STEPS = ("freeze", "begin", "_drop", "_delete_rest", "finish")
CREATED = "select create_table_query from system.tables where database = 'raw' and name = 'events'"


class KilledError(Exception):
    """The process ended here."""


def filled(client: Client) -> None:
    """Whole parts that go, parts of which a part goes, and rows that stay."""
    tenants(client)
    for tenant in ("kiwi", "surf"):
        events(client, tenant, [ago(n) for n in (900, 899, 800)])
    events(client, "kiwi", [ago(800)], received=ago(3))
    events(client, "kiwi", [ago(2)])
    client.command("optimize table raw.events final")


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_ends_before_any_step_is_finished_by_the_next(
    clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    filled(clickhouse)

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(applying, step, killed)
        with pytest.raises(KilledError):
            apply(clickhouse, settings, NOW, uuid4())
    assert check_raw_events(clickhouse).passed, "what is under way counts as there or not"
    apply(clickhouse, settings, NOW, uuid4())
    assert count(clickhouse, "raw.events") == 2
    assert clickhouse.query(BOOKS).result_rows == [
        ("kiwi", "governance.ingest_ledger", 1, 3),
        ("kiwi", "raw.events", 3, 3),
        ("surf", "governance.ingest_ledger", 1, 3),
        ("surf", "raw.events", 3, 3),
    ]
    assert count(clickhouse, "governance.retention_runs final", "state = 'begun'") == 0
    assert check_raw_events(clickhouse).passed


def test_a_server_that_dies_meanwhile_loses_neither_rows_nor_books(tmp_path: Path) -> None:
    server = EmbeddedClickHouse(tmp_path / "clickhouse", "test-password", free_port(), free_port())
    settings = Settings(data_dir=tmp_path / "gxy", clickhouse_url=server.url)
    server.start()
    try:
        with connect(server.url, purpose="tests") as client:
            migrate(client, settings)
            filled(client)
        for step in ("begin", "_delete_rest", "finish"):
            with connect(server.url, purpose="tests") as client, pytest.MonkeyPatch.context() as patch:
                patch.setattr(applying, step, dies_after(server, getattr(applying, step)))
                with suppress(OperationalError):
                    apply(client, settings, NOW, uuid4())
            assert server.process is not None and not server.answers(), f"died at {step}"
            server.start()
        with connect(server.url, purpose="tests") as client:
            apply(client, settings, NOW, uuid4())
            assert count(client, "raw.events") == 2
            assert sum(row[2] for row in client.query(BOOKS).result_rows if row[1] == "raw.events") == 6
            assert check_raw_events(client).passed
    finally:
        server.stop()


def dies_after(server: EmbeddedClickHouse, step: Callable[..., object]) -> Callable[..., object]:
    def dying(*arguments: object) -> object:
        done = step(*arguments)
        server.kill()
        return done

    return dying


@pytest.fixture
def with_old_ttl(clickhouse: Client) -> Iterator[Client]:
    """A table as an earlier version left it, with a TTL of the engine."""
    clickhouse.command("alter table raw.events modify ttl toDateTime(received_at) + toIntervalDay(760)")
    yield clickhouse
    apply_ttls(clickhouse, Settings())


def test_the_engine_drops_nothing_of_what_is_under_a_hold(with_old_ttl: Client, settings: Settings) -> None:
    tenants(with_old_ttl)
    migrate(with_old_ttl, settings)
    place_hold(with_old_ttl, "kiwi", "a dispute", actor="counsel")
    events(with_old_ttl, "kiwi", [NOW - timedelta(days=3000)])
    events(with_old_ttl, "kiwi", [NOW - timedelta(days=3000)])
    with_old_ttl.command("optimize table raw.events final")
    apply(with_old_ttl, settings, NOW, uuid4())
    assert count(with_old_ttl, "raw.events") == 2
    assert "TTL" not in with_old_ttl.query(CREATED).first_row[0]


def test_ttls_are_where_no_hold_matters_and_drop_whole_parts(clickhouse: Client) -> None:
    apply_ttls(clickhouse, Settings())
    created = dict(
        clickhouse.query(
            "select database || '.' || name, create_table_query from system.tables where database != 'system'"
        ).result_rows
    )
    with_ttl = {table for table, text in created.items() if " TTL " in text}
    assert with_ttl == {rule.table for rule in rules() if rule.keeper == "engine"} == {"governance.reconciliation"}
    for table in with_ttl:
        assert "ttl_only_drop_parts = 1" in created[table]


def test_a_second_application_of_ttls_changes_nothing(clickhouse: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    apply_ttls(clickhouse, Settings())
    monkeypatch.setattr(clickhouse, "command", lambda *_, **__: pytest.fail("a table was altered again"))
    apply_ttls(clickhouse, Settings())


def test_every_log_of_the_server_ends_after_thirty_days(clickhouse: Client) -> None:
    clickhouse.command("system flush logs")
    logs = clickhouse.query("select name, engine_full from system.tables where database = 'system' and engine like '%MergeTree'")
    assert "query_log" in dict(logs.result_rows)
    for name, engine in logs.result_rows:
        assert "TTL event_date + toIntervalDay(30)" in engine, name
    for file in ("gxy_analytics/warehouse/config.xml", "docker/clickhouse/config.xml"):
        assert "<ttl>event_date + INTERVAL 30 DAY</ttl>" in (ROOT / file).read_text()
