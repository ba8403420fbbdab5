"""An extraction whose server starts again in the middle, as for a login: it fails, and the next one ends with every row once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from clickhouse_connect.driver.exceptions import OperationalError
from extraction_world import SHOP, extract, rows

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.report import ExtractionReport
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

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
    oltp.execute(SHOP)
    oltp.execute(MANY, (ORDERS,))
    extracted(settings, server, "tenants")
    with ThreadPoolExecutor() as pool:
        running = pool.submit(extracted, settings, server, "orders")
        with connect(server.url, purpose="test") as client:
            while not client.query(WRITING).first_row[0] and not running.done():
                time.sleep(0.005)
        server.stop()
        server.start()
        with pytest.raises(OperationalError):
            running.result(60)
    assert extracted(settings, server, "orders").rows_read >= ORDERS
    with connect(server.url, purpose="test") as client:
        found = rows(client, "select count(), uniqExact(order_id) from raw.oltp_orders final where not is_deleted")
        assert found == [(ORDERS + 2, ORDERS + 2)]


def extracted(settings: Settings, server: EmbeddedClickHouse, table: str) -> ExtractionReport:
    """Extract a table as an asset does: over connections of its own."""
    with open_source(settings.oltp_url or "") as source, connect(server.url, purpose="extract") as client:
        return extract(table, source, client)
