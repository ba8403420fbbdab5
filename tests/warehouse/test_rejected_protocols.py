"""A dead letter of any protocol, replayed, becomes the row that it would have been: same columns, same headers, same trust."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loader_world import LoaderWorld

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.replay import Selection, replay
from ingest_service.loader.sift import ID_POINTERS
from ingest_service.spool.record import RecordFlags

RECEIVED_MS = 1_795_000_000_000 + time.time_ns() % 1000
SENT_MS = RECEIVED_MS - 500
AT_MS = RECEIVED_MS - 2_000
OF_A_PLACE = (
    "tenant_id",
    "event_id",
    "loaded_at",
    "received_at",
    "ingest_node",
    "ingest_segment",
    "ingest_offset",
    "ingest_index",
)
EVENT_ID = str(uuid.UUID(int=7 << 64 | 0x4000 << 64 | 1 << 63))
HEADERS = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "dnt": "1", "accept-language": "de"}


def native(*paths: str) -> bytes:
    page = (
        {"event_id": EVENT_ID, "name": "page_viewed", "time": AT_MS, "anonymous_id": "a", "page": {"url": path}} for path in paths
    )
    return json.dumps({"sent_at": SENT_MS, "events": list(page)}).encode()


def call(path: str) -> dict[str, Any]:
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(AT_MS // 1000))
    return {"type": "page", "messageId": EVENT_ID, "timestamp": at, "userId": "7", "properties": {"url": path, "title": "T"}}


def segment_batch(*paths: str) -> bytes:
    shared = {"locale": "de-DE", "library": {"name": "test", "version": "1"}}
    return json.dumps({"sentAt": SENT_MS, "context": shared, "batch": [call(path) for path in paths]}).encode()


def segment_call(path: str) -> bytes:
    """As on a route of its own: what kind of call it is, only the route says."""
    return json.dumps({key: value for key, value in call(path).items() if key != "type"} | {"sentAt": SENT_MS}).encode()


def snowplow(*paths: str) -> bytes:
    pages = [
        {"e": "pv", "eid": EVENT_ID, "dtm": str(AT_MS), "stm": str(SENT_MS), "duid": "d", "url": path, "tv": "t", "p": "web"}
        for path in paths
    ]
    schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
    return json.dumps({"schema": schema, "data": pages}).encode()


FIRST, SECOND = "https://shop.example/first", "https://shop.example/second?utm_source=mail"
CASES: dict[str, tuple[str, dict[str, str], list[bytes], bytes]] = {
    "native": ("native", {}, [native(FIRST, SECOND)], native(SECOND)),
    "a batch of Segment's": ("segment", {"gxy-route": "batch"}, [segment_batch(FIRST, SECOND)], segment_batch(SECOND)),
    "a call of Segment's": (
        "segment",
        {"gxy-route": "page"},
        [segment_call(FIRST), segment_call(SECOND)],
        segment_call(SECOND),
    ),
    "Snowplow": ("snowplow", {"gxy-query": "tz=Europe%2FBerlin"}, [snowplow(FIRST, SECOND)], snowplow(SECOND)),
}


@pytest.fixture
def make_world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[Callable[[str], LoaderWorld]]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        yield lambda name: LoaderWorld(tmp_path / name, clickhouse_server.url, client)


@pytest.mark.parametrize("case", CASES)
def test_a_replayed_letter_becomes_the_row_that_its_event_would_have_been(
    make_world: Callable[[str], LoaderWorld], case: str
) -> None:
    protocol, notes, bodies, alone = CASES[case]
    record = {
        "protocol": protocol,
        "headers": HEADERS | notes,
        "flags": RecordFlags.TRUSTED,
        "received_ns": RECEIVED_MS * 1_000_000,
    }
    expected, world = make_world("expected"), make_world("replayed")
    expected.spool(alone, **record)
    expected.load()
    world.spool(*bodies, **record)
    world.load()
    ((reason, pointer),) = world.letters()
    assert (reason, pointer.rpartition("/")[2]) == ("id_collision", ID_POINTERS[protocol].rpartition("/")[2])
    world.client.command(
        "alter table raw.events delete where tenant_id = {tenant:String} settings mutations_sync = 1",
        parameters={"tenant": world.tenant_id},
    )
    forget(world)
    assert replay(world.client, world.settings, Selection(tenant=world.tenant_id)).total() == 1
    world.load()
    assert shown(world) == shown(expected)


def forget(world: LoaderWorld) -> None:
    """Nothing is known any more of the event that came first: the rule that refused the second is gone."""
    shutil.rmtree(world.settings.loader_dir)
    shutil.rmtree(world.settings.spool_dir)


def shown(world: LoaderWorld) -> dict[str, Any]:
    row = world.one("*")
    assert row["page_url"] == "https://shop.example/second"
    return {name: value for name, value in row.items() if name not in OF_A_PLACE and name != "customer_pid"}


def test_every_protocol_that_is_read_has_its_case_and_its_pointer() -> None:
    assert set(ADAPTERS) == {protocol for protocol, *_ in CASES.values()} == set(ID_POINTERS)
