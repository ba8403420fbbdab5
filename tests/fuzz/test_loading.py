"""What garbage becomes is taken by a real ClickHouse: every row, every dead letter, every ledger row."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from fuzz_inputs import make_input
from fuzz_world import FuzzWorld

from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.spool.writer import Spool, make_frame
from tests.warehouse.loader_world import LoaderWorld

INPUTS = 400  # of each protocol
FIRST_SEED = 5_000_000


@pytest.mark.parametrize("protocol", ["native", "snowplow", "segment"])
def test_garbage_that_was_taken_is_loaded_and_balances(
    tmp_path: Path, clickhouse_server: EmbeddedClickHouse, clickhouse: Client, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    world = LoaderWorld(tmp_path, clickhouse_server.url, clickhouse)
    door = FuzzWorld(tmp_path / "door")
    inputs = [make_input(protocol, FIRST_SEED + number) for number in range(INPUTS)]
    records = [record for taken in door.take(inputs) for record in taken.records]
    writer = Spool(world.slot, segment_bytes=8 << 20)
    writer.append([make_frame(msgspec.structs.replace(record, tenant_id=world.tenant_id)) for record in records])
    writer.close()
    world.load()
    accepted, inserted, repeats, rejected, dropped = world.ledger()
    assert accepted == inserted + repeats + rejected + dropped >= len(records)
    assert (len(world.rows("event_id")), len(world.letters())) == (inserted, rejected)
    assert min(inserted, rejected, dropped) > 0
