"""kill -9 of worker, loader and ClickHouse under load, and a ClickHouse that is away: what was answered is there, once."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator

import pytest
from fault_world import Clients, FaultWorld, until

from ingest_service.loader.status import read_status

SEED = 20261122


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultWorld]:
    started = FaultWorld(tmp_path_factory.mktemp("faults") / "gxy")
    try:
        started.start()
        yield started
    finally:
        started.stop()


def check(world: FaultWorld) -> None:
    """Every event that was answered ok is there exactly once; the ledger and the arrivals balance."""
    world.wait_until_loaded()
    ids = [event_id for (event_id,) in world.ask("select client_event_id from raw.events")]
    found = set(ids)
    assert len(ids) == len(found), f"{len(ids) - len(found)} rows twice"
    stored = set().union(*(clients.stored for clients in world.clients))
    assert not stored - found, f"{len(stored - found)} of {len(stored)} answered events are missing"
    assert not found - set().union(*(clients.sent for clients in world.clients))
    ((accepted, inserted, deduplicated, rejected, dropped),) = world.ask(
        "select sum(accepted), sum(inserted), sum(deduplicated), sum(rejected), sum(dropped) from governance.ingest_ledger"
    )
    assert accepted == inserted + deduplicated + rejected + dropped
    assert inserted == len(ids)
    assert rejected >= sum(clients.dropped for clients in world.clients)
    assert world.ask("select count() from raw.events_rejected final") == [(rejected,)]
    assert world.ask("select sum(arrived) from governance.arrivals") == [(inserted,)]
    assert (
        world.ask("select count(), uniqExact(batch_id, tenant_id) from governance.ingest_ledger")[0][0]
        == (world.ask("select uniqExact(batch_id, tenant_id) from governance.ingest_ledger")[0][0])
    )
    status = read_status(world.settings.loader_dir)
    assert status is not None
    assert status.totals["inserted"] == inserted
    assert status.totals.get("unbalanced", 0) == 0
    assert status.quarantined == []


def rounds_of_kills(world: FaultWorld, rounds: int, longest_pause: float) -> Clients:
    rng = random.Random(SEED)
    kills = [world.kill_worker, world.kill_loader, world.kill_clickhouse] * (rounds // 3)
    rng.shuffle(kills)
    clients = world.start_clients(SEED)
    for kill in kills:
        time.sleep(rng.uniform(0.05, longest_pause))
        kill()
    clients.stop()
    return clients


def test_21_kills_at_random_moments_under_load_lose_nothing_and_double_nothing(world: FaultWorld) -> None:
    clients = rounds_of_kills(world, 21, 0.8)
    assert len(clients.stored) > 1000
    check(world)


@pytest.mark.slow
def test_90_kills_with_longer_pauses_lose_nothing_and_double_nothing(world: FaultWorld) -> None:
    rounds_of_kills(world, 90, 4.0)
    check(world)


def clickhouse_away(world: FaultWorld, seconds: float) -> None:
    clients = world.start_clients(SEED)
    time.sleep(1.5)
    before = len(clients.stored)
    world.server.kill()
    back_at = time.monotonic() + seconds
    while time.monotonic() < back_at:
        assert world.probe("/readyz") == 200
        time.sleep(0.2)
    assert len(clients.stored) > before
    status = read_status(world.settings.loader_dir)
    assert status is not None
    assert status.clickhouse_error
    assert status.lag_bytes > 0
    world.server.start()
    clients.stop()
    assert clients.refused == []


def test_clickhouse_away_under_load_is_no_error_to_clients_and_is_caught_up(world: FaultWorld) -> None:
    clickhouse_away(world, 5.0)
    check(world)


@pytest.mark.slow
def test_clickhouse_away_for_a_minute_under_load_is_no_error_to_clients_and_is_caught_up(world: FaultWorld) -> None:
    clickhouse_away(world, 60.0)
    check(world)


def test_sigterm_ends_the_loader_quickly_also_when_clickhouse_does_not_answer(world: FaultWorld) -> None:
    clients = world.start_clients(SEED)
    world.server.kill()
    until(
        lambda: bool((read_status(world.settings.loader_dir) or pytest.fail("no status")).clickhouse_error), "the outage to show"
    )
    loader = world.processes["loader"]
    began = time.monotonic()
    loader.send_signal(signal.SIGTERM)
    assert loader.wait(15) == 0
    assert time.monotonic() - began < 10
    clients.stop()
    world.server.start()
    world.start_process("loader", "ingest_service.loader")
    check(world)
