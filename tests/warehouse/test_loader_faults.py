"""Crashes at chosen moments, damaged segments, a ClickHouse that is away: nothing twice, nothing lost."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loader_world import LoaderWorld, event, iso

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader import assemble
from ingest_service.loader.loader import Loader
from ingest_service.loader.sink import Sink, StoppedError
from ingest_service.spool.reader import SegmentReader
from ingest_service.spool.writer import Spool, make_frame

DAY = 86_400.0


class CrashError(Exception):
    """Stands for kill -9 at one moment."""


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        yield LoaderWorld(tmp_path, clickhouse_server.url, client)


def crash_after(inserts: int) -> Callable[..., None]:
    """A `Sink.insert` that does its work `inserts` times and then never returns."""
    real, done = Sink.insert, 0

    def insert(self: Sink, *arguments: Any) -> None:
        nonlocal done
        if done == inserts:
            raise CrashError
        real(self, *arguments)
        done += 1

    return insert


def load_and_crash(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch, inserts: int) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Sink, "insert", crash_after(inserts))
        with pytest.raises(CrashError):
            world.load()


@pytest.mark.parametrize("inserts", range(6))
def test_a_crash_between_any_two_inserts_of_a_batch_leaves_every_row_once(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch, inserts: int
) -> None:
    now = time.time()
    world.spool([event(time=iso(now - days * DAY)) for days in (0, 1, 9)] + [{"name": "no id"}])
    load_and_crash(world, monkeypatch, inserts) if inserts < 5 else crash_before_commit(world, monkeypatch)
    world.spool([event()])
    world.load()
    assert len(world.rows()) == 4
    assert len({loaded for (loaded,) in world.rows("loaded_at")}) == 2
    assert len(world.letters()) == 1
    assert world.ledger() == (5, 4, 0, 1, 0)
    assert world.rows("sum(arrived)", "governance.arrivals") == [(4,)]


def crash_before_commit(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def commit(*_: Any) -> None:
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr(Loader, "_commit", commit)
        with pytest.raises(CrashError):
            world.load()


def test_a_batch_that_gives_other_rows_after_an_upgrade_is_completed_and_not_doubled(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    world.spool([event(time=iso(now - days * DAY)) for days in (0, 1, 9)])
    load_and_crash(world, monkeypatch, 1)
    monkeypatch.setattr(assemble, "raw_texts", lambda values, real=assemble.raw_texts: real([b'{"v":2}' for _ in values]))
    world.load()
    assert len(world.rows()) == 3
    assert world.rows("countIf(properties = '{\"v\":2}')") == [(2,)]
    assert world.ledger() == (3, 3, 0, 0, 0)


def test_a_torn_tail_is_waited_for_and_cut_by_the_next_owner(world: LoaderWorld) -> None:
    given = [event() for _ in range(3)]
    dead = Spool(world.slot, segment_bytes=world.segment_bytes)
    dead.append([make_frame(world.record([given[0]])), make_frame(world.record([given[1]]))])
    with (world.slot / "00000001.seg").open("r+b") as file:
        file.seek(dead._segment.end)  # type: ignore[union-attr]
        file.write(make_frame(world.record([event()]))[1][:100])
    os.close(dead._lock)
    world.spool([given[2]])
    world.load()
    assert {event_id for (event_id,) in world.rows()} == {one["event_id"] for one in given}
    assert world.ledger() == (3, 3, 0, 0, 0)


def test_a_record_damaged_on_disk_is_set_aside_with_an_alarm_and_its_neighbours_are_loaded(
    world: LoaderWorld, caplog: pytest.LogCaptureFixture
) -> None:
    given = [event() for _ in range(3)]
    world.spool([given[0]], [given[1]], [given[2]])
    world.spool([event()])
    path = world.slot / "00000001.seg"
    (_, start, _), *_ = list(SegmentReader(path))
    data = bytearray(path.read_bytes())
    data[start + 40] ^= 0xFF
    path.write_bytes(data)
    world.load()
    loaded = {event_id for (event_id,) in world.rows()}
    assert len(loaded) == 3
    assert given[1]["event_id"] not in loaded
    assert "ALARM segment" in caplog.text
    aside = world.settings.spool_dir / "quarantine" / world.slot.name / "00000001.seg"
    assert aside.exists()
    assert not path.exists()
    assert world.ledger() == (3, 3, 0, 0, 0)


def test_a_segment_with_a_damaged_header_is_set_aside_and_the_next_is_loaded(world: LoaderWorld) -> None:
    world.spool([event()])
    world.spool([event()])
    path = world.slot / "00000001.seg"
    path.write_bytes(b"garbage!" * 20)
    world.load()
    assert len(world.rows()) == 1
    assert not path.exists()


def test_a_spool_that_was_emptied_and_starts_again_is_loaded(world: LoaderWorld) -> None:
    for _ in range(3):
        world.spool([event()])
    world.load()
    for path in world.slot.iterdir():
        path.unlink()
    world.spool([event()])
    world.load()
    assert len(world.rows()) == 4


def test_an_unfinished_batch_whose_segment_is_gone_is_an_alarm_and_does_not_hold_up_the_rest(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.spool([event()])
    load_and_crash(world, monkeypatch, 0)
    (world.slot / "00000001.seg").unlink()
    world.spool([event()])
    world.load()
    assert world.ledger() == (1, 1, 0, 0, 0)
    assert "ALARM batch" in caplog.text


def test_stopping_while_clickhouse_is_away_is_quick_and_the_batch_goes_on_later(world: LoaderWorld) -> None:
    url, world.clickhouse_url = world.clickhouse_url, "http://gxy:x@127.0.0.1:9"
    world.spool([event()])
    loader = world.loader()
    threading.Timer(0.5, loader._stop.set).start()
    began = time.monotonic()
    with pytest.raises(StoppedError):
        loader.run()
    loader.close()
    assert time.monotonic() - began < 5
    world.clickhouse_url = url
    world.load()
    assert world.ledger() == (1, 1, 0, 0, 0)
