"""Dead letters, one an event: kept whole, found again, readable in any terminal, and replayed with all that was known of them."""

from __future__ import annotations

import gzip
import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from click.testing import CliRunner
from loader_world import MASTER, SEAL, LoaderWorld, event

from gxy_analytics.durable_files import replace_file
from gxy_analytics.governance.vault.key_file import WrapKey, encode_keys
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.commands import ingest
from ingest_service.letter_commands import lines_of
from ingest_service.loader import replay as replaying
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.loader import Loader
from ingest_service.loader.native import NATIVE
from ingest_service.loader.replay import Selection, list_letters, replay, show_letters
from ingest_service.spool.reader import read_records
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.segment import list_segments

NO_ID = {"name": "page_viewed", "page": {"url": "https://shop.example/"}}
WHOLE = {"page": {"url": "https://shop.example/"}}


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        yield LoaderWorld(tmp_path, clickhouse_server.url, client, segment_bytes=8 << 20)


def replayed(world: LoaderWorld) -> list[SpoolRecord]:
    """What replays put into the spool."""
    (slot,) = world.settings.spool_dir.glob("replay-*")
    return [record for path in list_segments(slot) for _, _, record in read_records(path)]


def put_back(world: LoaderWorld, **selected: Any) -> dict[str, int]:
    return dict(replay(world.client, world.settings, Selection(tenant=world.tenant_id, **selected)))


def test_an_event_that_lacks_what_its_type_requires_is_stored_with_a_warning(world: LoaderWorld) -> None:
    world.spool([event(name="order_completed", order={"order_id": "o1", "value": 5}), event(name="Order Completed")])
    world.load()
    assert world.rows("name, warnings", order="name") == [
        ("Order Completed", ["unknown_event"]),
        ("order_completed", ["missing:/order/currency", "missing:/items/product_id"]),
    ]
    assert world.ledger() == (2, 2, 0, 0, 0)


def test_a_letter_as_large_as_a_body_may_be_is_kept_whole_and_replayed_whole(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = event(**WHOLE, properties={"note": uuid.uuid4().hex * 59_000})
    body = json.dumps({"events": [given]}).encode()
    assert 1_850_000 < len(body) <= world.settings.max_body_bytes
    world.spool(body, protocol="soon")
    world.load()
    assert [content.raw for content in world.contents()] == [body]
    monkeypatch.setitem(ADAPTERS, "soon", NATIVE)
    assert put_back(world) == {"unknown_protocol": 1}
    assert replayed(world)[0].body == body
    world.load()
    assert json.loads(world.one("properties")["properties"]) == given["properties"]


def test_a_replayed_event_goes_the_same_way_with_the_headers_and_the_trust_of_its_request(world: LoaderWorld) -> None:
    received_ns = time.time_ns() - 60_000_000_000
    headers = {"user-agent": "Shop/1", "sec-gpc": "1", "gxy-route": "batch"}
    once = {"gxy-dropped": "consent=2"}  # of the request as it came: its replay drops nothing again
    flags = RecordFlags.TRUSTED
    world.spool([NO_ID], sent_at=1_790_000_000_000, headers=headers | once, flags=flags, received_ns=received_ns)
    world.load()
    ((rejected_id,),) = world.letters("toString(rejected_id)")
    assert put_back(world) == {"missing_event_id": 1}
    (record,) = replayed(world)
    assert record.headers == headers | {"gxy-rejected-id": rejected_id}
    assert record.flags == RecordFlags.REPLAYED | RecordFlags.TRUSTED
    assert (record.tenant_id, record.protocol, record.ip_truncated) == (world.tenant_id, "native", "192.0.2.0")
    assert record.received_ns // 1_000_000 == received_ns // 1_000_000
    assert json.loads(record.body) == {"sent_at": 1_790_000_000_000, "events": [NO_ID]}
    world.load()
    assert world.letters("toString(rejected_id), mapContains(headers, 'gxy-rejected-id'), is_trusted, isNull(replayed_at)") == [
        (rejected_id, False, True, True)
    ]


def test_a_replayed_body_that_falls_into_several_letters_gives_each_its_own(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.spool([event(**WHOLE), NO_ID, event(**WHOLE), {"event_id": "e"}], protocol="soon")
    world.load()
    monkeypatch.setitem(ADAPTERS, "soon", NATIVE)
    for _ in range(2):
        put_back(world)
        world.load()
    assert sorted(world.letters("reason, isNull(replayed_at)")) == [
        ("missing_event_id", True),
        ("missing_name", True),
        ("unknown_protocol", False),
    ]
    assert len(world.rows()) == 2


def test_a_body_that_is_not_what_its_encoding_says_is_a_letter_as_it_was_sent(world: LoaderWorld) -> None:
    raw = gzip.compress(b'{"events": []}')[:-5]
    world.spool(raw, flags=RecordFlags.MALFORMED, headers={"content-encoding": "gzip"})
    world.load()
    for _ in range(2):
        assert world.letters("reason, isNull(replayed_at)") == [("undecodable_body", True)]
        detail = "the body is not one whole gzip stream."
        assert world.contents() == [LetterContent(raw, detail, {"content-encoding": "gzip"})]
        assert put_back(world) == {"undecodable_body": 1}
        world.load()


def test_an_undecodable_body_is_loaded_once_it_can_be_decoded(world: LoaderWorld) -> None:
    """A door with a bug refused what it should have taken."""
    raw = gzip.compress(json.dumps({"events": [event(**WHOLE), NO_ID]}).encode())
    world.spool(raw, flags=RecordFlags.MALFORMED, headers={"content-encoding": "gzip", "user-agent": "Shop/1"})
    world.load()
    assert world.letters("reason") == [("undecodable_body",)]
    put_back(world)
    world.load()
    assert world.one("user_agent, warnings") == {"user_agent": "Shop/1", "warnings": []}
    letter = world.contents()[0]
    assert (letter.raw.decode(), "content-encoding" in letter.headers) == (json.dumps(NO_ID), False)


def test_a_batch_with_letters_that_was_not_finished_gives_the_same_bytes_again(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.spool([NO_ID, event(**WHOLE)])
    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr(Loader, "_insert", lambda *_: (_ for _ in ()).throw(InterruptedError))
        world.load()
    monkeypatch.setattr("ingest_service.loader.loader.finish_differing", lambda *_: pytest.fail("other rows than before"))
    world.load()
    assert (len(world.letters()), len(world.rows())) == (1, 1)


def test_a_running_loader_seals_under_the_newest_key_of_the_file(world: LoaderWorld) -> None:
    loader = Loader(world.settings, Pseudonyms(load_key_ring(world.settings)), Flag())
    try:
        for version in (1, 2):
            keys = tuple(WrapKey(number, MASTER[:31] + bytes([number])) for number in range(1, version + 1))
            replace_file(world.settings.master_key_path, encode_keys(MASTER, keys))
            world.spool([NO_ID])
            while loader.step():
                pass
    finally:
        loader.close()
    assert world.letters("seal_version") == [(1,), (2,)]
    letters = show_letters(world.client, LetterSeal(load_key_ring(world.settings)), Selection(tenant=world.tenant_id), why="test")
    assert {letter["raw"] for letter in letters} == {json.dumps(NO_ID)}


def test_a_letter_from_before_it_was_sealed_is_shown_and_replayed_as_it_came(world: LoaderWorld) -> None:
    given = {"event_id": str(uuid.uuid4()), **WHOLE}
    columns = ["tenant_id", "rejected_id", "received_at", "protocol", "reason", "detail", "raw", "headers"]
    row = [world.tenant_id, "c" * 32, datetime.now(UTC), "native", "missing_name", "no `name`", json.dumps(given), {"dnt": "1"}]
    world.client.insert("events_rejected", [row], columns, database="raw")
    (letter,) = show_letters(world.client, SEAL, Selection(tenant=world.tenant_id), why="test")
    assert (letter["raw"], letter["detail"], letter["is_sealed"]) == (json.dumps(given), "no `name`", False)
    assert put_back(world) == {"missing_name": 1}
    (record,) = replayed(world)
    assert (record.headers["dnt"], json.loads(record.body)["events"]) == ("1", [given])


def test_a_collision_tells_both_fingerprints(world: LoaderWorld) -> None:
    given = event(**WHOLE)
    world.spool([given], [given | {"name": "custom:a"}], [given | {"name": "custom:b"}])
    world.load()
    found = [re.findall(r"[0-9a-f]{16}", detail) for detail in (content.detail for content in world.contents())]
    kept, refused = ({pair[position] for pair in found} for position in (0, 1))
    assert (len(kept), len(refused)) == (1, 2)
    assert not kept & refused


def test_letters_are_found_by_protocol_reason_time_and_event_id_and_replayed_by_the_same(world: LoaderWorld) -> None:
    start = time.time_ns() - 3_600_000_000_000
    for minute, text in enumerate(("red shoe", "Green hat", "green SHOE")):
        world.spool([event(event_id="e-1", properties={"text": text})], received_ns=start + minute * 60_000_000_000)
    world.spool(b"?", protocol="telepathy", received_ns=start)
    world.load()

    def found(**selected: Any) -> int:
        return len(list_letters(world.client, Selection(tenant=world.tenant_id, **selected)))

    at = datetime.fromtimestamp(start / 1e9, UTC) + timedelta(seconds=30)
    assert (found(), found(protocol="telepathy"), found(protocol="native"), found(reason="id_collision")) == (3, 1, 2, 2)
    assert (found(search="e-1"), found(search="e-2"), found(search="shoe")) == (2, 0, 0)
    assert (found(since=at), found(until=at), found(since=at, until=at + timedelta(minutes=1))) == (2, 1, 1)
    assert put_back(world, search="e-1", until=at + timedelta(minutes=1)) == {"id_collision": 1}
    assert replay(world.client, world.settings, Selection(tenant=world.tenant_id), limit=1, dry_run=True).total() == 1
    oldest = Selection(tenant=world.tenant_id, protocol="native")
    assert replay(world.client, world.settings, oldest, limit=1).total() == 1
    assert [b"Green hat" in record.body for record in replayed(world)] == [True, False]


def test_a_replay_holds_a_few_letters_at_a_time_and_leaves_none_out(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "CHUNK_BYTES", 1_000)
    sizes = [10, 900, 20, 2_000, 30, 40]
    world.spool([{"properties": {"n": number, "fill": "x" * size}} for number, size in enumerate(sizes)])  # type: ignore[list-item]
    world.load()
    assert put_back(world) == {"missing_event_id": len(sizes)}
    numbers = [json.loads(record.body)["events"][0]["properties"]["n"] for record in replayed(world)]
    assert sorted(numbers) == list(range(len(sizes)))
    assert put_back(world) == {}


def test_the_commands_take_the_same_selection(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GXY_DATA_DIR", str(world.data_dir))
    monkeypatch.setenv("GXY_CLICKHOUSE_URL", world.clickhouse_url)
    world.spool([NO_ID, {"event_id": "e-1"}])
    world.load()
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    selected = ["--tenant", world.tenant_id, "--since", today, "--until", "2190-01-01", "--protocol", "native"]

    def run(*arguments: str) -> str:
        return CliRunner().invoke(ingest, [*arguments, *selected], catch_exceptions=False).output

    assert "shop.example" not in run("rejected")
    assert "shop.example" in run("rejected", "--show", "--reason", "missing_event_id", "--why", "T-1")
    assert world.rows("reason, rows", "governance.audit_entries") == [("T-1", 1)]
    assert [letter["reason"] for letter in json.loads(run("rejected", "--reason", "missing_name", "--json"))] == ["missing_name"]
    assert json.loads(run("replay", "--reason", "missing_name", "--dry-run", "--json"))["replayed"] == 1
    assert "2 dead letters were put back" in run("replay")
    assert run("rejected", "--limit", "1").count("\n") >= 3
    assert "replayed 20" in run("rejected")


def test_what_is_shown_of_a_letter_is_text_where_it_is_text(world: LoaderWorld) -> None:
    given = json.dumps({"name": "custom:x", "properties": {"a": "ü" * 200}}, ensure_ascii=False)
    world.spool(b'{"events": [' + given.encode() + b"]}")
    world.spool(b"\x1f\x8b\x08", flags=RecordFlags.MALFORMED, headers={"content-encoding": "gzip"})
    world.load()
    for shown in (200, 201):
        letters = show_letters(world.client, SEAL, Selection(tenant=world.tenant_id), shown=shown, why="test")
        found = {letter["reason"]: (letter["raw"], letter["is_cut"], letter["raw_bytes"]) for letter in letters}
        assert found["undecodable_body"] == ("1f8b08", False, 3)
        text, is_cut, size = found["missing_event_id"]
        assert (given.startswith(text), len(text.encode()) in (shown, shown - 1), is_cut) == (True, True, True)
        assert size == len(given.encode())


LETTER = {
    "received_at": "2026-11-22T10:00:00.123000+00:00",
    "tenant_id": "acme",
    "protocol": "native",
    "reason": "id_collision",
    "client_event_id": "0198c2f4-7a3e-7cc1-a6a0-0d1c8a3c5b11",
    "pointer": "/events/999/event_id",
    "detail": "this id was used before for another event of the tenant; the first one is kept " * 2,
    "raw": '{"event_id": "0198c2f4-7a3e-7cc1-a6a0-0d1c8a3c5b11",\n "name": "\x1b[2J\x07page_viewed' + "x" * 200,
    "raw_bytes": 70_000,
    "is_cut": True,
    "replayed_at": None,
}


@pytest.mark.parametrize("width", [80, 120])
def test_a_letter_fits_a_narrow_terminal_and_loses_nothing(width: int) -> None:
    lines = lines_of(LETTER, width)
    assert max(map(len, lines)) <= width
    text = "".join(line.strip() for line in lines)
    for part in (
        "2026-11-22T10:00:00",
        "acme",
        "id_collision",
        LETTER["client_event_id"],
        LETTER["pointer"],
        "x" * 200,
        "(70,000 bytes)",
    ):
        assert part in text
    assert all(line.isprintable() for line in lines)


def test_in_a_pipe_each_part_of_a_letter_is_one_line() -> None:
    lines = lines_of(LETTER, None)
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)
