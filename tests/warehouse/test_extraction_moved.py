"""A backend that corrects the instant or the parent of a row: both days are stale, and what was read along follows."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from extraction_world import extract, extract_these, rows

from gxy_analytics.extraction.landing import Landing
from gxy_analytics.extraction.source import Source
from gxy_analytics.warehouse.day_builds import arrived_by_day, record_builds, stale_days
from gxy_analytics.warehouse.partitions import Window

MARCH = Window(date(2026, 3, 1), date(2026, 3, 31))
LATER = date(2026, 12, 31)
TABLES = "tenants orders order_items payments refunds"
TOUCHED = "updated_at = now() at time zone 'utc' + interval '1 second'"


def build(client: Client) -> None:
    record_builds(client, arrived_by_day(client, MARCH), "run")


def stale(client: Client) -> list[int]:
    return [day.day.day for day in stale_days(client, LATER)]


@pytest.mark.parametrize(
    ("table", "column", "raw"),
    [
        ("orders", "placed_at", "raw.oltp_orders"),
        ("payments", "processed_at", "raw.oltp_payments"),
        ("refunds", "processed_at", "raw.oltp_refunds"),
    ],
)
def test_the_day_a_row_leaves_is_stale_like_the_one_it_goes_to(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, table: str, column: str, raw: str
) -> None:
    extract_these(f"tenants {table}", source, clickhouse)
    build(clickhouse)
    was = rows(clickhouse, f"select toDayOfMonth({column}) from {raw} final where tenant_id = 'acme'")
    oltp.execute(f"update {table} set {column} = '2026-03-20 12:00:00', {TOUCHED} where tenant_id = 1")
    assert extract(table, source, clickhouse).rows_changed == 1
    assert stale(clickhouse) == [was[0][0], 20]
    day = f"select count() from {raw} final where tenant_id = 'acme' and toDate({column}) = "
    assert rows(clickhouse, f"{day}'2026-03-20'") == [(1,)]
    assert rows(clickhouse, f"{day}'2026-03-{was[0][0]:02}'") == [(0,)]
    build(clickhouse)
    assert extract(table, source, clickhouse).rows_changed == 0
    assert stale(clickhouse) == []


def test_a_change_that_stays_on_its_quarter_of_an_hour_makes_no_other_day_stale(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract_these("tenants orders", source, clickhouse)
    build(clickhouse)
    counted = "select sum(arrived) from governance.arrivals where source = 'oltp_orders'"
    (before,) = rows(clickhouse, counted)[0]
    oltp.execute(f"update orders set placed_at = '2026-03-01 10:14:59', status = 'fulfilled', {TOUCHED} where id = 1")
    assert extract("orders", source, clickhouse).rows_changed == 1
    assert rows(clickhouse, counted) == [(before + 1,)]
    assert stale(clickhouse) == [1]


def test_the_lines_of_an_order_follow_it_to_another_day(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("update order_items set created_at = '2026-01-01', updated_at = '2026-01-01' where tenant_id = 1")
    extract_these(TABLES, source, clickhouse)
    build(clickhouse)
    oltp.execute(f"update orders set placed_at = '2026-03-20 12:00:00', {TOUCHED} where id = 1")
    extract_these(TABLES, source, clickhouse)
    assert rows(clickhouse, "select toString(placed_at) from raw.oltp_order_items final where tenant_id = 'acme'") == [
        ("2026-03-20 12:00:00.000000",)
    ]
    assert stale(clickhouse) == [1, 20]


def test_a_refund_follows_the_currency_of_its_order_and_the_product_of_its_line(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    oltp.execute("update refunds set created_at = '2026-01-01', updated_at = '2026-01-01'")
    oltp.execute("insert into refunds (tenant_id, order_id, amount, processed_at) values (2, 2, 1, '2026-03-05')")
    extract_these(TABLES, source, clickhouse)
    oltp.execute(f"update orders set currency = 'CHF', {TOUCHED} where id = 1")
    oltp.execute(f"update order_items set product_id = 2, {TOUCHED} where id = 1")
    extract_these(TABLES, source, clickhouse)
    assert rows(clickhouse, "select currency, product_id from raw.oltp_refunds final where tenant_id = 'acme'") == [("CHF", 2)]


def test_a_crash_between_the_count_and_the_row_loses_neither(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract_these("tenants orders", source, clickhouse)
    build(clickhouse)
    oltp.execute(f"update orders set placed_at = '2026-03-20 12:00:00', {TOUCHED} where id = 1")
    run = Landing._run

    def dies(landing: Landing, name: str, parameters: dict[str, object] | None = None) -> None:
        run(landing, name, parameters)
        if name == "insert_changed.sql":
            raise DatabaseError("the server went away")

    with monkeypatch.context() as patched:
        patched.setattr(Landing, "_run", dies)
        with pytest.raises(DatabaseError, match="went away"):
            extract("orders", source, clickhouse)
    assert extract("orders", source, clickhouse).rows_changed == 0
    assert stale(clickhouse) == [1, 20]
