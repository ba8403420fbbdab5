"""The tracker and the storefront, built once a session, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.tracker.node_project import STOREFRONT, TRACKER, build, install, require_node
from tests.tracker.shop_server import WRITE_KEY, ShopServer
from tests.tracker.shop_walk import chromium, visitor


@pytest.fixture(scope="session")
def tracker() -> Path:
    """The folder of the tracker, installed and built."""
    require_node()
    install(TRACKER)
    build(TRACKER)
    return TRACKER


@pytest.fixture(scope="session")
def storefront(tracker: Path) -> Path:
    """The built shop with WRITE_KEY in it."""
    install(STOREFRONT)
    return build(STOREFRONT, using=tracker, VITE_WRITE_KEY=WRITE_KEY)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def shop(storefront: Path) -> Iterator[ShopServer]:
    with ShopServer(storefront) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as page:
        yield page
