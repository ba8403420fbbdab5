"""The loader over a real ClickHouse and a spool written by the real writer: what arrives, once, and how it balances."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from loader_world import PSEUDONYMS, LoaderWorld, event, iso
from prometheus_client import CollectorRegistry, generate_latest

from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.commands import ingest
from ingest_service.host_metrics import HostCollector
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.columns import TABLES
from ingest_service.loader.native import NATIVE
from ingest_service.loader.replay import Selection, replay
from ingest_service.loader.state import LoaderRunsError
from ingest_service.spool.record import RecordFlags

DAY = 86_400.0


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        yield LoaderWorld(tmp_path, clickhouse_server.url, client)


def test_the_column_lists_equal_the_ddl(world: LoaderWorld) -> None:
    for table, schema in TABLES.items():
        database, name = table.split(".")
        columns = world.client.query(
            "select name from system.columns where database = {database:String} and table = {name:String} order by position",
            parameters={"database": database, "name": name},
        ).result_rows
        assert [column for (column,) in columns] == schema.names


def test_an_event_arrives_with_every_column(world: LoaderWorld) -> None:
    given = event(
        user_id="17",
        session_id="s1",
        sequence=4,
        page={
            "url": "https://shop.example/p/1?utm_source=news&gclid=g1&token=secret#x",
            "title": "One",
            "referrer": "https://a.b/?q=1",
        },
        items=[{"product_id": 7, "price": "12.50", "quantity": 2, "currency": "EUR"}, {"product_id": "8", "price": 0.1}],
        cart={"cart_id": "c", "value": 25.1, "currency": "EUR"},
        search={"query": "shoes", "result_count": 3},
        list={"list_id": "l", "name": "Sale"},
        client={"locale": "de-DE", "platform": "web"},
        consent={"ads": False},
        properties={"colour": "red"},
    )
    world.spool([given])
    world.load()
    row = world.one("*")
    assert row["event_id"] == uuid.UUID(given["event_id"])
    assert row["customer_pid"] == PSEUDONYMS.customer_pid(world.tenant_id, 17)
    assert (row["page_url"], row["page_host"], row["page_path"]) == ("https://shop.example/p/1", "shop.example", "/p/1")
    assert (row["campaign_source"], row["click_ids"], row["page_referrer"]) == ("news", {"gclid": "g1"}, "https://a.b/")
    assert row["items.product_id"] == ["7", "8"]
    assert row["items.price"] == [Decimal("12.5"), Decimal("0.1")]
    assert row["items.quantity"] == [2, 1]
    assert (row["cart_value"], row["search_result_count"], row["list_name"]) == (Decimal("25.1"), 3, "Sale")
    assert (row["consent"], row["properties"], row["warnings"]) == ({"ads": False}, '{"colour": "red"}', [])
    assert (row["session_seq"], row["time_source"], row["user_agent"]) == (4, "client", "test/1")
    assert "secret" not in str(row)


def test_a_repeat_is_counted_and_not_stored_whether_in_its_batch_or_days_later(world: LoaderWorld) -> None:
    first, second = event(), event()
    world.spool([first, second], [first])
    world.load()
    world.spool([second], sent_at=iso(time.time()))
    world.load()
    assert len(world.rows()) == 2
    assert world.ledger() == (4, 2, 2, 0, 0)


def test_the_same_id_of_another_tenant_is_no_repeat(world: LoaderWorld) -> None:
    given = event()
    world.spool([given], [given], tenant_id=world.tenant_id)
    world.spool([given], tenant_id=f"{world.tenant_id}-other")
    world.load()
    assert world.ledger() == (2, 1, 1, 0, 0)
    world.tenant_id += "-other"
    assert world.ledger() == (1, 1, 0, 0, 0)


def test_an_id_that_comes_back_with_other_content_becomes_a_dead_letter(world: LoaderWorld) -> None:
    given = event()
    world.spool([given])
    world.load()
    world.spool([given | {"name": "product_viewed"}])
    world.load()
    assert world.rows("name") == [("page_viewed",)]
    assert world.letters("reason, pointer, client_event_id") == [("id_collision", "/events/0/event_id", given["event_id"])]
    assert world.ledger() == (2, 1, 0, 1, 0)


def test_bad_events_do_not_hurt_their_neighbours(world: LoaderWorld) -> None:
    good = event()
    world.spool([{"name": "x"}, good, {"event_id": 5, "name": "x"}, "text", {"event_id": "a" * 201, "name": "x"}])  # type: ignore[list-item]
    world.load()
    assert world.rows() == [(good["event_id"],)]
    assert set(world.letters()) == {
        ("missing_event_id", "/events/0/event_id"),
        ("invalid_event_id", "/events/2/event_id"),
        ("not_an_object", "/events/3"),
        ("event_id_too_long", "/events/4/event_id"),
    }
    assert world.ledger() == (5, 1, 0, 4, 0)


def test_a_malformed_body_is_one_dead_letter_with_its_bytes(world: LoaderWorld) -> None:
    world.spool(b'{"events": [', flags=RecordFlags.MALFORMED)
    world.spool(b"\xff\xfe", protocol="telepathy")
    world.load()
    assert sorted(world.letters("reason")) == [("malformed_body",), ("unknown_protocol",)]
    assert [content.raw for content in world.contents()] == [b"\xff\xfe", b'{"events": [']
    assert world.ledger() == (2, 0, 0, 2, 0)


def test_wrong_types_are_coerced_or_kept_and_cost_a_warning(world: LoaderWorld) -> None:
    world.spool(
        [
            event(
                sequence="7",
                colour="red",
                page={"url": 5, "scroll": 80},
                items=[{"product_id": "1", "price": "a lot", "quantity": -2}],
                time="yesterday",
                properties={"colour": "blue"},
            )
        ]
    )
    world.load()
    row = world.one("session_seq, page_url, items.price, properties, warnings, time_source")
    assert row["session_seq"] == 7
    assert row["items.price"] == [None]
    assert json.loads(row["properties"]) == {
        "colour": "blue",
        "_colour": "red",
        "time": "yesterday",
        "page": {"scroll": 80},
        "items": {"0": {"price": "a lot", "quantity": -2}},
    }
    assert {"coerced:/page/url", "unknown_field", "invalid:/items/price", "invalid:/items/quantity", "time_missing"} <= set(
        row["warnings"]
    )
    assert row["time_source"] == "received"


def test_events_of_many_days_go_to_their_partitions_and_old_ones_are_historical(world: LoaderWorld) -> None:
    now = time.time()
    world.spool([event(time=iso(now - days * DAY)) for days in (0, 1, 6, 8, 30)])
    world.load()
    assert world.rows("is_historical", order="event_time") == [(True,), (True,), (False,), (False,), (False,)]
    counted = world.client.query(
        "select sum(arrived) from governance.arrivals where tenant_id = {tenant:String}", parameters={"tenant": world.tenant_id}
    )
    assert counted.first_row[0] == 5


def test_a_wrong_clock_is_corrected_by_the_smallest_skew_of_its_visitor(world: LoaderWorld) -> None:
    received = time.time()
    slow = received - 3600
    for delay in (10.0, 0.0, 20.0):
        world.spool(
            [event(time=iso(slow - 5), anonymous_id="slow")], sent_at=iso(slow), received_ns=int((received + delay) * 1e9)
        )
        world.load()
    assert [abs(skew - 3_600_000) <= 10_001 for (skew,) in world.rows("skew_ms", order="ingest_segment")] == [True] * 3
    first, second, third = (skew for (skew,) in world.rows("skew_ms", order="ingest_segment"))
    assert second == third == first - 10_000


def test_a_second_loader_on_the_same_state_is_refused(world: LoaderWorld) -> None:
    loader = world.loader()
    with pytest.raises(LoaderRunsError):
        world.loader()
    loader.close()


def test_loaded_segments_are_deleted_only_after_the_retention(world: LoaderWorld) -> None:
    world.spool([event()])
    world.spool([event()])
    world.load()
    assert (world.slot / "00000001.seg").exists()
    loader = world.loader()
    loader._settings = Settings(data_dir=world.data_dir, clickhouse_url=world.clickhouse_url, spool_retention_hours=0)
    loader.step()
    loader.close()
    assert not (world.slot / "00000001.seg").exists()


def test_dead_letters_are_replayed_once_and_only_the_readable_ones_leave_the_list(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, kept = event(), event()
    selection = Selection(tenant=world.tenant_id)
    body = json.dumps({"events": [given]}).encode()
    received_ns = time.time_ns() - int(3600e9)
    world.spool(body, protocol="soon", received_ns=received_ns)
    world.spool([kept], [kept | {"name": "changed"}])
    world.load()
    assert len(world.rows()) == 1
    assert replay(world.client, world.settings, selection, dry_run=True) == {"unknown_protocol": 1, "id_collision": 1}
    monkeypatch.setitem(ADAPTERS, "soon", NATIVE)
    assert replay(world.client, world.settings, selection).total() == 2
    assert replay(world.client, world.settings, selection).total() == 0
    world.load()
    assert len(world.rows()) == 2
    assert world.rows("received_at", order="received_at")[0][0].timestamp() == pytest.approx(received_ns / 1e9, abs=0.01)
    assert sorted(world.letters("reason, replayed_at is null")) == [("id_collision", True), ("unknown_protocol", False)]
    assert world.ledger() == (5, 2, 0, 3, 0)
    assert replay(world.client, world.settings, selection).total() == 1
    world.load()
    assert len(world.letters()) == 2


def test_the_commands_show_status_dead_letters_and_replay(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GXY_DATA_DIR", str(world.data_dir))
    monkeypatch.setenv("GXY_CLICKHOUSE_URL", world.clickhouse_url)
    world.spool([event(), {"name": "no id"}])
    world.load()

    def run(*arguments: str) -> Any:
        result = CliRunner().invoke(ingest, [*arguments, "--json"], catch_exceptions=False)
        return json.loads(result.output)

    status = run("status")
    assert (status["totals"]["accepted"], status["totals"]["inserted"], status["lag_bytes"]) == (2, 1, 0)
    assert status["problems"] == []
    registry = CollectorRegistry()
    registry.register(HostCollector(world.settings))
    shown = generate_latest(registry).decode()
    assert 'gxy_loader_events_total{outcome="inserted"} 1.0' in shown
    assert 'gxy_loader_dead_letters_total{reason="missing_event_id"} 1.0' in shown
    assert "gxy_loader_ledger_mismatches_total 0.0" in shown
    (letter,) = run("rejected", "--tenant", world.tenant_id, "--show")
    assert (letter["reason"], letter["pointer"]) == ("missing_event_id", "/events/1/event_id")
    assert letter["raw"] == '{"name": "no id"}'
    assert run("rejected", "--tenant", world.tenant_id, "--search", "nowhere") == []
    assert run("replay", "--tenant", world.tenant_id)["replayed"] == 1
    assert run("replay", "--tenant", world.tenant_id)["replayed"] == 0
