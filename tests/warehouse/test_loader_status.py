"""What the loader says of itself is what it did: the same sums as its ledger, kept over restarts, and room made in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import pytest
from loader_world import PSEUDONYMS, LoaderWorld, event, iso

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader.drops import DROPPED_NOTE, drops_note
from ingest_service.loader.loader import RECLAIM_FILL, Loader
from ingest_service.loader.status import LoaderStatus, imbalance, read_status


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        yield LoaderWorld(tmp_path, clickhouse_server.url, client)


def status_of(world: LoaderWorld) -> LoaderStatus:
    found = read_status(world.settings.loader_dir)
    assert found is not None
    return found


def test_the_sums_of_a_tenant_are_those_of_the_ledger_in_clickhouse_also_after_a_restart(world: LoaderWorld) -> None:
    twice = event()
    world.spool([twice, event(), event(name="")])
    world.load()
    world.spool([twice, event()], headers={DROPPED_NOTE: drops_note({"consent": 3, "gpc": 1})})
    world.load()
    found = status_of(world)
    mine = found.tenants[world.tenant_id]
    names = ("accepted", "inserted", "deduplicated", "rejected", "dropped")
    assert tuple(mine.get(name, 0) for name in names) == world.ledger() == (9, 3, 1, 1, 4)
    assert imbalance(mine) == 0
    assert (found.totals["dropped:consent"], found.totals["dropped:gpc"]) == (3, 1)


def test_warnings_skew_and_batches_go_on_counting_after_a_restart(world: LoaderWorld) -> None:
    world.spool([event(items=[{"product_id": "1", "price": "dear"}, {"product_id": "2", "price": "dear"}])])
    world.load()
    world.spool([event(time=iso(time.time() - 3600))], sent_at=iso(time.time() - 3600))
    world.load()
    assert status_of(world).caches["agents"] == 1, "the user agent of the one request since the start"
    tallies = status_of(world).tallies
    assert tallies.warnings == {"invalid:/items/price": 1, "missing:/page/url": 2}
    assert (tallies.batch_events.count, tallies.batch_events.sum) == (2, 2)
    assert tallies.batch_seconds.count == tallies.insert_seconds.count == 2
    assert tallies.insert_seconds.sum < tallies.batch_seconds.sum
    counts = dict(zip((*tallies.skew_seconds.bounds, None), tallies.skew_seconds.counts, strict=True))
    assert (counts[0.0], sum(counts.values())) == (1, 2)
    assert 3590 < tallies.skew_seconds.sum < 3620


def test_only_an_end_that_was_not_orderly_counts_as_a_restart(world: LoaderWorld) -> None:
    starts = []
    for is_orderly in (True, True, False, True, False):
        loader = world.loader()
        loader.status.write(loader._sink, force=True)
        starts.append(status_of(world).restarts)
        if is_orderly:
            loader.status.end()
        loader.close()
    assert starts == [0, 0, 0, 1, 1]


def test_loaded_segments_go_before_their_time_when_the_spool_fills_up_and_waiting_ones_never(world: LoaderWorld) -> None:
    for _ in range(3):
        world.spool([event()])
        world.load()
    world.spool([event()])
    sizes = [path.stat().st_blocks * 512 for path in world.slot.iterdir() if path.is_file()]
    for room, kept in ((sum(sizes) * 100, 4), (int(sum(sizes) / RECLAIM_FILL), 2)):  # the one that the cursor stands in stays
        tight = world.settings.model_copy(update={"spool_max_bytes": room})
        loader = Loader(tight, PSEUDONYMS, Flag())
        loader._housekeeping()
        loader.close()
        assert len(list(world.slot.glob("*.seg"))) == kept
    world.load()
    assert len(world.rows()) == 4
