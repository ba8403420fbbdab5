"""What all client tests share: the write path as processes, started once a module, and a Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.clients.browser import chromium
from tests.clients.front import Front
from tests.clients.world import ClientWorld


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, clickhouse_server: EmbeddedClickHouse) -> Iterator[ClientWorld]:
    running = ClientWorld(tmp_path_factory.mktemp("clients"), clickhouse_server.url)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def front(world: ClientWorld) -> Iterator[Front]:
    """The service as clients reach it."""
    with Front(world.ingest.url) as serving:
        yield serving
