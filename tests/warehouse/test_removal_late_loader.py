"""A loader that comes back after its tenant was removed: it stores nothing of it, and accounts for what it drops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from loader_world import event, iso
from suppression_world import SuppressionWorld, suppression_world

from gxy_analytics.governance.lifecycle import spools
from gxy_analytics.governance.suppressions import load
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse

DAY_NS = 86_400 * 10**9
NO_EVENT = {"anonymous_id": "who"}


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[SuppressionWorld]:
    with suppression_world(tmp_path, clickhouse_server) as found:
        yield found


def spool(world: SuppressionWorld, name: str, received_ns: int) -> None:
    """An event, the same event again, and one that would be a dead letter."""
    told = event(event_id=name, time=iso(received_ns / 1e9), user_id="anna")
    world.spool([told, told, NO_EVENT], received_ns=received_ns)


def test_what_a_node_kept_of_a_removed_tenant_is_dropped_with_account_and_its_neighbours_events_are_stored(
    world: SuppressionWorld,
) -> None:
    now = time.time_ns()
    removed, removal_id = world.tenant_id, uuid4()
    spool(world, "before", now - 30 * DAY_NS)
    spools.mark(world.client, removed, removal_id)
    spool(world, "after", now + DAY_NS)  # taken by a door that was cut off, and still knew the key
    world.tenant_id = f"{removed}-neighbour"
    spool(world, "kept", now)
    world.load()
    assert (world.rows(), world.ledger()) == ([("kept",)], (3, 1, 1, 1, 0))
    world.tenant_id = removed
    assert world.rows() == world.letters() == []
    accepted, inserted, deduplicated, rejected, dropped = world.ledger()
    assert (accepted, inserted, rejected) == (6, 0, 0)
    assert deduplicated + dropped == accepted
    assert world.rows("fingerprint", "governance.tenant_keys") == [], "nor is it known by a key again"
    assert [node for node, _ in world.acks(removal_id)] == ["local"]


def test_a_tenant_that_is_readmitted_is_stored_from_then_on_and_never_what_it_did_before(
    world: SuppressionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(spools.time, "sleep", waited.append)
    removal_id = uuid4()
    spools.mark(world.client, world.tenant_id, removal_id)
    assert load(world.client).is_removed(world.tenant_id)
    spool(world, "before", time.time_ns())
    world.client.command("insert into governance.ingest_ledger values ('umbra', 'node-b-0:1:0-1', 1, 1, 0, 0, 0, now64(3))")
    spools.readmit(world.client, world.tenant_id, removal_id)
    assert waited == [spools.LIST_SECONDS], "a loader works, and reads its list every 10 s"
    assert not load(world.client).is_removed(world.tenant_id)
    spool(world, "since", time.time_ns() + 10**9)
    world.load()
    assert world.rows() == [("since",)]
