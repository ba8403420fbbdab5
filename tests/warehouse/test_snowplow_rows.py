"""What Snowplow's trackers send, in the real ClickHouse: every field in its column, and every event accounted for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loader_world import LoaderWorld
from snowplow_events import EVENT_CASES
from snowplow_shop import SHOP_CASES
from snowplow_wire import NOW_MS, Case, action, body, plain, product, self_describing, told

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader.replay import Selection, replay
from ingest_service.loader.snowplow.payload import UnreadablePayloadError
from ingest_service.spool.record import RecordFlags
from tests.conftest import SHARED_DATA

CASES = [*EVENT_CASES, *SHOP_CASES]


def world_of(directory: Path, server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(server.url, purpose="tests") as client:
        yield LoaderWorld(directory, server.url, client)


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    yield from world_of(tmp_path, clickhouse_server)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    """A world that has loaded every case in one request."""
    for world in world_of(tmp_path_factory.mktemp("snowplow"), clickhouse_server):
        spool(world, *(case.event for case in CASES))
        world.load()
        yield world


def spool(world: LoaderWorld, *events: dict[str, Any], **record: Any) -> None:
    world.spool(body(*events), **{"protocol": "snowplow", "received_ns": NOW_MS * 1_000_000} | record)


def row_of(world: LoaderWorld, event: dict[str, Any], columns: str) -> dict[str, Any]:
    result = world.client.query(
        f"select {columns} from raw.events where tenant_id = {{tenant:String}} and client_event_id = {{id:String}}",
        parameters={"tenant": world.tenant_id, "id": event["eid"]},
    )
    (row,) = list(result.named_results())
    return dict(row)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_field_lands_in_its_column(loaded: LoaderWorld, case: Case) -> None:
    names = list(case.columns)
    selected = ", ".join(f"{name} as c{number}" for number, name in enumerate(names))
    row = row_of(loaded, case.event, f"{selected or '1'}, properties as properties, warnings as warnings")
    found = {name: row[f"c{number}"] for number, name in enumerate(names)}
    assert found == case.columns
    assert json.loads(row["properties"]) == case.properties
    others = [code for code in row["warnings"] if code not in case.warnings]
    assert set(case.warnings) <= set(row["warnings"])
    assert all(code.startswith("missing:") for code in others), others


def test_every_case_is_a_row_and_none_a_dead_letter(loaded: LoaderWorld) -> None:
    assert loaded.ledger() == (len(CASES), len(CASES), 0, 0, 0)
    assert loaded.letters() == []


def test_what_the_schemas_declare_personal_is_nowhere_in_a_row(loaded: LoaderWorld) -> None:
    rows = loaded.rows("*")
    text = json.dumps([[str(value) for value in row] for row in rows])
    assert "SKU1" in text
    for personal in ("10115", "Street 1", "Street 2", "a@b.example", "Musterstadt", "00:11"):
        assert personal not in text, personal


def test_the_recorded_requests_of_real_clients_become_rows(world: LoaderWorld) -> None:
    path = SHARED_DATA / "wire" / "spb.jsonl"
    if not path.exists():
        pytest.skip("no recorded requests here")
    (request,) = [json.loads(line) for line in path.read_text().splitlines() if "/tp2" in line]
    world.spool(request["b"].encode(), protocol="snowplow", received_ns=int(request["t"] * 1e9))
    world.load()
    assert world.rows("session_seq, name, items.product_id, list_name, cart_id, order_id, search_query", order="session_seq") == [
        (1, "page_viewed", [], "", "", "", ""),
        (2, "product_viewed", ["SKU1"], "", "", "", ""),
        (3, "product_impression", ["SKU1", "SKU2"], "search results", "", "", ""),
        (4, "product_clicked", ["SKU1"], "search results", "", "", ""),
        (5, "product_added", ["SKU1"], "", "C1", "", ""),
        (6, "order_completed", ["SKU1"], "", "", "T1", ""),
        (7, "search_performed", [], "", "", "", "blue tee"),
    ]


def test_a_retry_with_a_fresh_sending_time_is_a_repeat(world: LoaderWorld) -> None:
    event = action("product_view", product())
    for sent in (NOW_MS, NOW_MS + 5000, NOW_MS + 100_000):
        spool(world, event | {"stm": str(sent)})
    world.load()
    assert world.ledger() == (3, 1, 2, 0, 0)


def test_an_event_without_an_id_is_stored_once_however_often_it_is_sent(world: LoaderWorld) -> None:
    for sent in (NOW_MS, NOW_MS + 5000):
        spool(world, plain(eid=None, page="Nameless", stm=str(sent)))
    spool(world, plain(eid=None, page="Another", stm=str(NOW_MS)))
    world.load()
    assert world.ledger() == (3, 2, 1, 0, 0)
    assert world.rows("page_title, warnings", order="page_title") == [
        ("Another", ["missing_event_id"]),
        ("Nameless", ["missing_event_id"]),
    ]


def test_the_same_id_with_other_content_is_a_dead_letter(world: LoaderWorld) -> None:
    spool(world, plain(eid="same", page="One"), plain(eid="same", page="Two"))
    world.load()
    assert world.ledger() == (2, 1, 0, 1, 0)
    assert world.letters("reason, client_event_id") == [("id_collision", "same")]


def test_an_unreadable_payload_is_a_dead_letter_and_its_neighbours_are_rows(world: LoaderWorld) -> None:
    bad = plain("ue", ue_px="bm90IGpzb24")
    spool(world, self_describing(told("example.shop", "opened", {})), bad)
    world.load()
    assert world.ledger() == (2, 1, 0, 1, 0)
    assert world.letters("reason, pointer, client_event_id") == [("invalid_payload", "/data/1/ue_px", bad["eid"])]


def test_a_dead_letter_replays_as_it_came_once_a_rule_has_changed(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(given: object) -> tuple[str, object]:
        raise UnreadablePayloadError("a rule that was wrong")

    event = action("product_view", product(), ua="Phone/1", ip="203.0.113.77", stm=str(NOW_MS))
    headers = {"user-agent": "test/1", "gxy-query": "aid=overlay"}
    with monkeypatch.context() as patched:
        patched.setattr("ingest_service.loader.snowplow.read.unwrap_event", refuse)
        spool(world, event, headers=headers, flags=RecordFlags.TRUSTED)
        world.load()
    assert world.letters() == [("invalid_payload", "/data/0/ue_pr")]
    assert dict(replay(world.client, world.settings, Selection(tenant=world.tenant_id))) == {"invalid_payload": 1}
    world.load()
    assert world.one("name, app_id, user_agent, ip_truncated, toUnixTimestamp64Milli(assumeNotNull(sent_at)) as sent_ms") == {
        "name": "product_viewed",
        "app_id": "overlay",
        "user_agent": "Phone/1",
        "ip_truncated": "203.0.113.0",
        "sent_ms": NOW_MS,
    }


def test_an_event_keeps_its_place_in_time_when_the_clock_is_right_and_is_moved_when_it_is_not(world: LoaderWorld) -> None:
    received = time.time_ns()
    now = received // 1_000_000
    right = plain(duid="right", dtm=str(now - 1000), stm=str(now - 900))
    wrong = plain(duid="wrong", dtm=str(now - 3_600_000), stm=str(now - 3_600_000 + 100))
    spool(world, right, received_ns=received)
    spool(world, wrong, received_ns=received)
    world.load()
    assert world.rows("anonymous_id, time_source, toUnixTimestamp64Milli(event_time)", order="anonymous_id") == [
        ("right", "client", now - 1000),
        ("wrong", "client_adjusted", now - 100),
    ]


def test_only_a_secret_key_may_say_whose_address_and_agent_it_is(world: LoaderWorld) -> None:
    told_of = {"ip": "203.0.113.77", "ua": "Phone/1"}
    spool(world, plain(page="public", **told_of))
    spool(world, plain(page="secret", **told_of), plain(page="own"), flags=RecordFlags.TRUSTED)
    world.load()
    assert world.rows("page_title, ip_truncated, user_agent, warnings", order="page_title") == [
        ("own", "192.0.2.0", "test/1", []),
        ("public", "192.0.2.0", "test/1", ["untrusted:/ua", "untrusted:/ip"]),
        ("secret", "203.0.113.0", "Phone/1", []),
    ]
    assert world.ledger() == (3, 3, 0, 0, 0)


def test_who_asked_to_be_nobody_is_nobody(world: LoaderWorld) -> None:
    user = told("com.snowplowanalytics.snowplow.ecommerce", "user", {"id": "u1"})
    event = action("product_view", product(), user, uid="u1", nuid="n1", tnuid="n2", sid="s1")
    spool(world, event, headers={"gxy-anonymous": "1", "gxy-no-address": "1"}, ip_truncated="")
    world.load()
    assert world.one("anonymous_id, customer_pid, network_id, session_id, ip_truncated") == {
        "anonymous_id": "",
        "customer_pid": "",
        "network_id": "",
        "session_id": "s1",
        "ip_truncated": "",
    }
