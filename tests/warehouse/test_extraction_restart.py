"""An extraction whose server starts again in the middle, as for a login: the attempt fails, the next ends with every row once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import dagster as dg
import psycopg
import pytest
from clickhouse_connect.driver.exceptions import OperationalError
from extraction_world import MASTER, SHOP, extract, rows

from assets.ingestion.oltp import extractions
from gxy_analytics.durable_files import replace_file
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.report import ExtractionReport
from gxy_analytics.interruptions import SessionLostError
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

T = TypeVar("T")
ORDERS = 150_000
MANY = """
insert into orders (tenant_id, number, status, currency, subtotal, grand_total, placed_at)
select 1, 'N-' || n, 'paid', 'EUR', 1, 1, '2026-03-01 10:00:00' from generate_series(1, %s) as n
"""
WRITING = "select count() from system.processes where query_kind = 'Insert' and query ilike '%orders%'"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedClickHouse]:
    """A server of this test's own, with the schema."""
    server = EmbeddedClickHouse(tmp_path / "clickhouse", "test-password", free_port(), free_port())
    server.start()
    with connect(server.url, purpose="test") as client:
        migrate(client, Settings())
    yield server
    server.stop()


@pytest.mark.slow
def test_an_extraction_that_a_restart_hits_fails_and_the_next_has_every_row_once(
    server: EmbeddedClickHouse, oltp: psycopg.Connection, settings: Settings
) -> None:
    fill(oltp, settings, server)
    with pytest.raises((OperationalError, SessionLostError)):
        hit(server, lambda: extracted(settings, server, "orders"))
    assert extracted(settings, server, "orders").rows_read >= ORDERS
    require_every_row_once(server)


@pytest.mark.slow
def test_the_graph_ends_an_extraction_that_a_restart_hits_with_another_attempt(
    server: EmbeddedClickHouse, oltp: psycopg.Connection, settings: Settings
) -> None:
    write_key(settings)
    fill(oltp, settings, server)
    (asset,) = [one for one in extractions if one.op.name == "extract_orders"]
    platform = Platform.of(settings.model_copy(update={"clickhouse_url": server.url}))
    done = hit(server, lambda: dg.materialize([asset], resources={"platform": platform}, raise_on_error=False))
    assert done.success
    assert sum(event.event_type == dg.DagsterEventType.STEP_RESTARTED for event in done.all_events) >= 1
    require_every_row_once(server)


def write_key(settings: Settings) -> None:
    """The tests' master key where the graph looks for it."""
    settings.master_key_path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(settings.master_key_path, MASTER)


def fill(oltp: psycopg.Connection, settings: Settings, server: EmbeddedClickHouse) -> None:
    """A backend with many orders, whose tenants are extracted."""
    oltp.execute(SHOP)
    oltp.execute(MANY, (ORDERS,))
    extracted(settings, server, "tenants")


def hit(server: EmbeddedClickHouse, work: Callable[[], T]) -> T:
    """Do the work, and restart the server as soon as it writes orders."""
    with ThreadPoolExecutor() as pool:
        running = pool.submit(work)
        with connect(server.url, purpose="test") as client:
            while not client.query(WRITING).first_row[0] and not running.done():
                time.sleep(0.005)
        server.stop()
        server.start()
        return running.result(180)


def require_every_row_once(server: EmbeddedClickHouse) -> None:
    with connect(server.url, purpose="test") as client:
        found = rows(client, "select count(), uniqExact(order_id) from raw.oltp_orders final where not is_deleted")
    assert found == [(ORDERS + 2, ORDERS + 2)]


def extracted(settings: Settings, server: EmbeddedClickHouse, table: str) -> ExtractionReport:
    """Extract a table as an asset does: over connections of its own."""
    with open_source(settings.oltp_url or "") as source, connect(server.url, purpose="extract") as client:
        return extract(table, source, client)
