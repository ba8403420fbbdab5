"""Reconciliation against a real MariaDB (Debian's `mariadb-server`); skipped, and said so, where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client
from mariadb import NEEDS_MARIADB, MariaDb, run, running_mariadb
from test_reconciliation import RIGHT, SHOP, WINDOW, fill_marts

from gxy_analytics.errors import SourceRefusedError, SourceUnreachableError
from gxy_analytics.quality.reconciliation import outcome, reconcile

pytestmark = NEEDS_MARIADB


@pytest.fixture(scope="module")
def shop() -> Iterator[MariaDb]:
    with running_mariadb() as server:
        with server.connect() as connection:
            run(connection, SHOP)
        yield server


def test_numbers_are_those_of_postgresql_to_the_cent_and_a_cent_too_much_is_named(shop: MariaDb, clickhouse: Client) -> None:
    fill_marts(clickhouse)
    compared = reconcile(clickhouse, shop.url, WINDOW)
    assert compared.filter(pl.col("source_value") != pl.col("mart_value")).is_empty()
    assert len(compared) == len(RIGHT) * 6
    clickhouse.command(
        "alter table marts.sales_daily update net_sales = net_sales + 0.01 where currency = 'USD' settings mutations_sync = 1"
    )
    found = outcome(reconcile(clickhouse, shop.url, WINDOW), WINDOW)
    assert "plain 2026-01-01 net_sales USD: mart 0.5100, source 0.5000" in found.description


def test_a_query_that_is_refused_and_a_server_that_is_away_say_what_to_do(shop: MariaDb, clickhouse: Client) -> None:
    fill_marts(clickhouse)
    with shop.connect() as connection:
        run(connection, "rename table refunds to returned")
    try:
        with pytest.raises(SourceRefusedError, match=r"docs/reference/oltp.md"):
            reconcile(clickhouse, shop.url, WINDOW)
    finally:
        with shop.connect() as connection:
            run(connection, "rename table returned to refunds")
    with pytest.raises(SourceUnreachableError, match="check GXY_OLTP_URL"):
        reconcile(clickhouse, "mysql://nobody@127.0.0.1:9/shop", WINDOW)
