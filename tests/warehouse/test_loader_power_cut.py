"""What a power cut, an emptied spool and a loader that is quicker than a command leave: nothing twice, nothing lost.

Crashes between the inserts of a batch are in `test_loader_faults`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from loader_world import LoaderWorld, event
from test_loader_faults import crash_before_commit

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader import cut
from ingest_service.loader.replay import Selection, replay
from ingest_service.spool.mark import CommittedMark
from ingest_service.spool.segment import HEADER_BYTES
from ingest_service.spool.segment_file import Frame
from ingest_service.spool.writer import Spool, make_frame, recover_slot


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        yield LoaderWorld(tmp_path, clickhouse_server.url, client)


def test_a_batch_is_finished_whole_when_the_power_cut_left_the_mark_behind_it(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut, "MAX_AGE_SECONDS", 0.0)
    writer = Spool(world.slot, segment_bytes=world.segment_bytes)
    for _ in range(3):
        writer.append([make_frame(world.record([event()]))])
    crash_before_commit(world, monkeypatch)
    mark = CommittedMark(world.slot)
    mark.set(1, HEADER_BYTES)
    mark.close()
    loader = world.loader()
    loader.finish_last()
    recover_slot(world.slot)
    while loader.step():
        pass
    loader.close()
    assert len(world.rows()) == 3
    assert world.ledger() == (3, 3, 0, 0, 0)


def test_the_first_batch_of_a_spool_that_starts_again_is_finished_and_not_cut_anew(
    world: LoaderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        world.spool([event()])
        world.load()
    shutil.rmtree(world.slot)
    world.spool([event()], [event()])
    crash_before_commit(world, monkeypatch)
    world.load()
    assert len(world.rows()) == 5
    assert world.ledger() == (5, 5, 0, 0, 0)
    world.load()
    assert len(world.rows()) == 5


def test_a_replayed_letter_that_is_refused_again_at_once_stays_open(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.spool([{"name": "no id"}])
    world.load()
    append = Spool.append

    def append_and_load(spool: Spool, frames: Sequence[Frame]) -> None:
        append(spool, frames)
        world.load()

    monkeypatch.setattr(cut, "MAX_AGE_SECONDS", 0.0)
    monkeypatch.setattr(Spool, "append", append_and_load)
    assert replay(world.client, world.settings, Selection(tenant=world.tenant_id)).total() == 1
    assert world.rows("accepted", "governance.ingest_ledger") == [(1,), (1,)]
    assert world.letters("replayed_at is null") == [(True,)]
