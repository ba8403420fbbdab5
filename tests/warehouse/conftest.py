"""A source over a small shop, for the extraction tests."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from extraction_world import SHOP

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.source import Source
from gxy_analytics.settings import Settings


@pytest.fixture
def source(oltp: psycopg.Connection, settings: Settings) -> Iterator[Source]:
    """A source over a shop of two tenants."""
    oltp.execute(SHOP)
    assert settings.oltp_url
    with open_source(settings.oltp_url) as opened:
        yield opened
