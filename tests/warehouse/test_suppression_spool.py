"""After a request the spool is cleared of what was received up to it, and the node says when that is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from loader_world import event
from suppression_world import SuppressionWorld, suppression_world

from gxy_analytics.governance.erasure.verification import nodes
from gxy_analytics.governance.suppressions import FOR_GOOD
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader import cleaning
from ingest_service.loader.loader import Loader
from ingest_service.loader.slots import set_aside
from ingest_service.loader.status import read_status
from ingest_service.spool.segment import list_segments
from ingest_service.spool.writer import Spool, make_frame

HOUR_NS = 3600 * 10**9
WAITING, DONE = [("local", False)], [("local", True)]


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[SuppressionWorld]:
    monkeypatch.setattr(cleaning, "EVERY_SECONDS", 0.0)
    with suppression_world(tmp_path, clickhouse_server) as found:
        yield found


@pytest.fixture
def loader(world: SuppressionWorld) -> Iterator[Callable[[], Loader]]:
    """Makes a loader, at most one at a time, and closes it."""
    made: list[Loader] = []

    def make() -> Loader:
        while made:
            made.pop().close()
        made.append(world.loader())
        return made[0]

    yield make
    while made:
        made.pop().close()


def segments(world: SuppressionWorld) -> list[int]:
    return [int(path.stem) for path in list_segments(world.slot)]


def now() -> datetime:
    return datetime.now(UTC)


def spool_old(world: SuppressionWorld, **record: Any) -> None:
    """A sealed segment with a record received an hour ago."""
    world.spool([event(user_id="anna")], received_ns=time.time_ns() - HOUR_NS, **record)


def test_loaded_segments_of_the_time_before_the_request_are_deleted_and_later_ones_stay(
    world: SuppressionWorld, loader: Callable[[], Loader]
) -> None:
    spool_old(world)
    world.spool([event()], received_ns=time.time_ns() + HOUR_NS)
    world.load()
    assert segments(world) == [1, 2]
    request_id = world.suppress("anna", until=now())
    loader().step()
    assert segments(world) == [2]
    assert world.acks(request_id) == DONE


def test_nothing_that_is_not_loaded_is_deleted(world: SuppressionWorld, loader: Callable[[], Loader]) -> None:
    spool_old(world)
    request_id = world.suppress("anna", until=now())
    running = loader()
    running._suppressed.look()
    running._cleaning.work(running._position)
    assert segments(world) == [1]
    assert world.acks(request_id) == WAITING
    while running.step():
        pass
    assert world.ledger() == (1, 0, 0, 0, 1)
    assert segments(world) == []
    assert world.acks(request_id) == DONE


def test_a_live_segment_is_sealed_by_its_writer_and_then_goes(world: SuppressionWorld, loader: Callable[[], Loader]) -> None:
    writer = Spool(world.slot, segment_bytes=1 << 16)
    writer.append([make_frame(world.record([event(user_id="anna")], received_ns=time.time_ns() - HOUR_NS))])
    world.load()
    request_id = world.suppress("anna", until=now())
    running = loader()
    running.step()
    assert segments(world) == [1]
    assert world.acks(request_id) == WAITING
    while segments(world) == [1]:
        writer.seal_if_asked()
        time.sleep(0.01)
    for _ in range(3):
        running.step()
    assert segments(world) == [2]
    assert world.acks(request_id) == DONE
    writer.append([make_frame(world.record([event(event_id="next")]))])
    writer.close()
    while running.step():
        pass
    assert ("next",) in world.rows()


def test_a_live_segment_without_a_writer_is_sealed_by_the_loader(world: SuppressionWorld, loader: Callable[[], Loader]) -> None:
    writer = Spool(world.slot, segment_bytes=1 << 16)
    writer.append([make_frame(world.record([event(user_id="anna")], received_ns=time.time_ns() - HOUR_NS))])
    writer._segment.close()  # type: ignore[union-attr]
    writer._segment = None  # as if it had been killed
    writer.close()
    request_id = world.suppress("anna", until=now())
    running = loader()
    for _ in range(4):
        running.step()
    assert world.ledger() == (1, 0, 0, 0, 1)
    assert segments(world) == []
    assert world.acks(request_id) == DONE
    assert not read_status(world.settings.loader_dir).alarms  # type: ignore[union-attr]
    world.spool([event(event_id="next")])
    while running.step():
        pass
    assert ("next",) in world.rows()


def test_a_damaged_segment_in_the_quarantine_stands_in_the_way_until_an_operator_deletes_it(
    world: SuppressionWorld, loader: Callable[[], Loader]
) -> None:
    spool_old(world)
    aside = set_aside(world.slot / "00000001.seg")
    world.load()
    request_id = world.suppress("anna", until=now())
    running = loader()
    for _ in range(3):
        running.step()
    assert world.acks(request_id) == WAITING
    running.status.write(running._sink, force=True)
    (alarm,) = read_status(world.settings.loader_dir).alarms  # type: ignore[union-attr]
    assert str(aside) in alarm
    aside.unlink()
    running.step()
    assert world.acks(request_id) == DONE


def test_an_objection_is_clean_once_what_was_received_before_its_acknowledgement_is_gone(
    world: SuppressionWorld, loader: Callable[[], Loader]
) -> None:
    spool_old(world)
    world.spool([event()], received_ns=time.time_ns() + HOUR_NS)
    request_id = world.suppress("anna", until=FOR_GOOD)
    running = loader()
    while running.step():
        pass
    assert segments(world) == [2]
    assert world.acks(request_id) == DONE


def test_a_restart_says_nothing_twice(world: SuppressionWorld, loader: Callable[[], Loader]) -> None:
    request_id = world.suppress("anna", until=now())
    loader().step()
    before = stored(world, request_id)
    loader().step()
    assert stored(world, request_id) == before
    assert len(before) == 1


def test_the_nodes_that_an_erasure_waits_for_are_those_that_loaded_something(world: SuppressionWorld) -> None:
    world.client.command("truncate table governance.ingest_ledger")
    for batch in ("east-1-0:7:32-900", "east-1-12:1:32-32", "replay-east-1:1:32-32", "west-0:1:32-32"):
        world.client.command(
            "insert into governance.ingest_ledger (tenant_id, batch_id, loaded_at) values ({t:String}, {b:String}, now64(3))",
            parameters={"t": world.tenant_id, "b": batch},
        )
    assert list(nodes(world.client, world.suppress("anna"))) == ["east-1", "west"]


def stored(world: SuppressionWorld, request_id: UUID) -> list[tuple[Any, ...]]:
    sql = "select acknowledged_at, spool_clean_at, changed_at from governance.suppression_acks final where request_id = {r:UUID}"
    return [tuple(row) for row in world.client.query(sql, parameters={"r": str(request_id)}).result_rows]
