"""Reconciliation: the source is computed anew, in each tenant's zone, and every difference from the mart is named to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.quality.reconciliation import outcome, reconcile
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.partitions import Window

WINDOW = Window(date(2026, 1, 1), date(2026, 1, 3))
SALES_DAILY = """
create table marts.sales_daily
(
    tenant_id LowCardinality(String), local_date Date, currency LowCardinality(String), orders UInt64, units Int64,
    gross_sales Decimal(18, 4), discounts Decimal(18, 4), returns Decimal(18, 4), net_sales Decimal(18, 4)
)
engine = MergeTree order by (tenant_id, local_date)
"""
SHOP = """
insert into tenants (slug, name) values ('kiwi', 'K'), ('plain', 'P');
insert into orders (tenant_id, number, currency, subtotal, discount_total, placed_at) values
    (1, 'a', 'NZD', 99, 1.00, '2026-01-01 11:00'), (1, 'b', 'NZD', 99, 9.99, '2026-01-01 10:59'),
    (2, 'c', 'EUR', 20.03, 0.50, '2026-01-01 23:59:59.999'), (2, 'd', 'USD', 0, 0, '2026-01-01 00:00');
insert into order_items (tenant_id, order_id, quantity, unit_price, discount) values
    (1, 1, 3, 3.33, 2.00), (1, 1, 1, 0.01, 0), (1, 2, 2, 5.00, 1.00), (2, 4, 1, 0.10, 0), (2, 4, 2, 0.20, 0);
insert into refunds (tenant_id, order_id, amount, quantity, processed_at) values (1, 1, 3.33, 1, '2026-01-02 11:00');
"""
RIGHT = [
    ("kiwi", date(2026, 1, 1), "NZD", 1, 2, "10", "9.99", "0", "0.01"),  # 23:59 in Auckland; the header's discount is the greater
    ("kiwi", date(2026, 1, 2), "NZD", 1, 4, "10", "2", "0", "8"),  # midnight in Auckland; the lines' discounts are the greater
    ("kiwi", date(2026, 1, 3), "NZD", 0, 0, "0", "0", "3.33", "-3.33"),  # the return, on the day it was processed
    ("plain", date(2026, 1, 1), "EUR", 1, 0, "20.03", "0.5", "0", "19.53"),  # no lines: the subtotal
    ("plain", date(2026, 1, 1), "USD", 1, 3, "0.5", "0", "0", "0.5"),
]


def fill_marts(clickhouse: Client) -> None:
    """The zones and the sales of SHOP, as they are right."""
    clickhouse.command("insert into governance.tenant_timezones values ('kiwi', 'Pacific/Auckland', '1970-01-01')")
    clickhouse.command(SALES_DAILY)
    rows = [[*row[:5], *(Decimal(amount) for amount in row[5:])] for row in RIGHT]
    clickhouse.insert("sales_daily", rows, database="marts")


@pytest.fixture
def world(clickhouse: Client, oltp: psycopg.Connection) -> Client:
    oltp.execute(SHOP)
    fill_marts(clickhouse)
    return clickhouse


def compare(client: Client, settings: Settings) -> pl.DataFrame:
    assert settings.oltp_url
    return reconcile(client, settings.oltp_url, WINDOW)


def test_equal_numbers_pass_in_every_zone_and_currency(world: Client, settings: Settings) -> None:
    compared = compare(world, settings)
    assert compared.filter(pl.col("source_value") != pl.col("mart_value")).is_empty()
    assert len(compared) == len(RIGHT) * 6
    assert outcome(compared, WINDOW).passed


def test_a_cent_too_much_is_named_with_tenant_day_metric_and_both_sides(world: Client, settings: Settings) -> None:
    world.command(
        "alter table marts.sales_daily update net_sales = net_sales + 0.01 where currency = 'USD' settings mutations_sync = 1"
    )
    found = outcome(compare(world, settings), WINDOW)
    assert not found.passed
    assert "plain 2026-01-01 net_sales USD: mart 0.5100, source 0.5000" in found.description
    assert "gxy materialize" in found.description
    assert found.numbers["differences"] == ["plain 2026-01-01 net_sales USD: mart 0.5100, source 0.5000"]


def test_a_row_that_only_one_side_has_is_a_difference(world: Client, settings: Settings) -> None:
    world.command("delete from marts.sales_daily where tenant_id = 'kiwi' and local_date = '2026-01-03'")
    world.command("insert into marts.sales_daily values ('ghost', '2026-01-02', 'EUR', 1, 0, 0, 0, 0, 0)")
    found = outcome(compare(world, settings), WINDOW)
    assert "kiwi 2026-01-03 returns NZD: mart 0.0000, source 3.3300" in found.description
    assert "ghost 2026-01-02 orders EUR: mart 1.0000, source 0.0000" in found.description


def test_both_sides_are_recorded_and_a_second_comparison_replaces_the_first(world: Client, settings: Settings) -> None:
    def recorded() -> list[tuple[object, ...]]:
        sql = (
            "select source_value, mart_value from governance.reconciliation final where tenant_id = 'ghost' and metric = 'orders'"
        )
        return [tuple(row) for row in world.query(sql).result_rows]

    world.command("insert into marts.sales_daily values ('ghost', '2026-01-02', 'EUR', 1, 0, 0, 0, 0, 0)")
    compare(world, settings)
    assert recorded() == [(Decimal(0), Decimal(1))]
    world.command("delete from marts.sales_daily where tenant_id = 'ghost'")
    assert outcome(compare(world, settings), WINDOW).passed
    assert recorded() == [(Decimal(0), Decimal(0))]


def test_days_outside_the_window_are_not_compared(world: Client, settings: Settings) -> None:
    world.command("insert into marts.sales_daily values ('plain', '2026-01-09', 'EUR', 7, 0, 0, 0, 0, 0)")
    assert outcome(compare(world, settings), WINDOW).passed


def test_an_unreachable_source_says_so_and_records_nothing(world: Client) -> None:
    with pytest.raises(SourceUnreachableError, match="check GXY_OLTP_URL"):
        reconcile(world, "postgresql://nobody@127.0.0.1:9/shop", WINDOW)
    assert world.query("select count() from governance.reconciliation").first_row == (0,)
