"""Extraction from a real PostgreSQL into a real ClickHouse: what is written, what is not, and what a deletion becomes."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, ROWS, arrivals, extract, extract_these, rows

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms


def test_every_table_arrives_with_slugs_and_exact_decimals(source: Source, clickhouse: Client) -> None:
    reports = extract_all(source, clickhouse, master_key=MASTER)
    assert {name: report.rows_changed for name, report in reports.items()} == ROWS
    assert all((report.rejected, report.drift) == (0, ()) for report in reports.values())
    pid = Pseudonyms(MASTER).customer_pid("acme", 1)
    orders = rows(
        clickhouse,
        "select tenant_id, order_id, customer_pid, grand_total, ip_truncated, toString(placed_at) "
        "from raw.oltp_orders final order by 1",
    )
    assert orders == [
        ("acme", 1, pid, Decimal("159.8000"), "203.0.113.0", "2026-03-01 10:00:00.000000"),
        ("umbra", 2, "", Decimal("9.9900"), "", "2026-03-02 10:00:00.000000"),
    ]
    assert rows(clickhouse, "select customer_pid, birth_year from raw.oltp_customers final where tenant_id = 'acme'") == [
        (pid, 1990)
    ]


def test_joined_columns_come_from_the_parent_rows(source: Source, clickhouse: Client) -> None:
    extract_these("tenants order_items refunds", source, clickhouse)
    assert rows(clickhouse, "select toString(placed_at) from raw.oltp_order_items final where tenant_id = 'acme'") == [
        ("2026-03-01 10:00:00.000000",)
    ]
    assert rows(clickhouse, "select currency, product_id, amount from raw.oltp_refunds final") == [("EUR", 1, Decimal("79.9000"))]


def test_extracting_again_writes_nothing_and_counts_no_arrival(source: Source, clickhouse: Client) -> None:
    extract_all(source, clickhouse, master_key=MASTER)
    before = arrivals(clickhouse)
    again = extract_all(source, clickhouse, master_key=MASTER)
    assert {report.rows_changed for report in again.values()} == {0}
    assert {report.rows_changed for report in extract_all(source, clickhouse, master_key=MASTER, full=True).values()} == {0}
    assert arrivals(clickhouse) == before == 2 + 2 + 1 + 1
    assert rows(clickhouse, "select count() from pii.customers") == [(2,)]


def test_a_touched_row_is_no_change_and_a_changed_one_is_one(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract_these("tenants orders", source, clickhouse)
    oltp.execute("update orders set updated_at = updated_at + interval '1 second'")
    assert extract("orders", source, clickhouse).rows_changed == 0
    oltp.execute("update orders set status = 'fulfilled', updated_at = updated_at + interval '1 second' where id = 1")
    report = extract("orders", source, clickhouse)
    assert (report.rows_changed, report.rows_deleted) == (1, 0)
    assert rows(clickhouse, "select status from raw.oltp_orders final order by order_id") == [("fulfilled",), ("paid",)]


def test_only_the_overlap_is_read_again(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("update orders set created_at = '2026-01-01', updated_at = '2026-01-01' where id = 1")
    assert extract("tenants", source, clickhouse).rows_read == 2
    assert extract("orders", source, clickhouse).rows_read == 2
    assert extract("orders", source, clickhouse).rows_read == 1


def test_a_row_from_the_future_does_not_hide_those_before_it(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    oltp.execute("update orders set updated_at = '2099-01-01' where id = 2")
    extract("tenants", source, clickhouse)
    report = extract("orders", source, clickhouse)
    assert report.watermark.year < 2099
    oltp.execute("update orders set status = 'cancelled', updated_at = now() at time zone 'utc' where id = 1")
    assert extract("orders", source, clickhouse).rows_changed == 1


def test_a_soft_delete_keeps_the_row_as_deleted(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract_these("tenants customers", source, clickhouse)
    oltp.execute("update customers set deleted_at = now(), updated_at = now() at time zone 'utc' where id = 1")
    report = extract("customers", source, clickhouse)
    assert (report.rows_changed, report.rows_deleted) == (1, 1)
    assert rows(clickhouse, "select is_deleted, country from raw.oltp_customers final where tenant_id = 'acme'") == [(True, "DE")]
    assert rows(clickhouse, "select is_deleted, key_id != '' from pii.customers final where tenant_id = 'acme'") == [(True, True)]


@pytest.mark.parametrize("table", ["products", "customers"])
def test_a_soft_delete_without_a_change_time_is_found_by_the_keys(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, table: str
) -> None:
    oltp.execute(f"update {table} set updated_at = '2026-01-01', created_at = '2026-01-01' where id = 1")
    extract_these(f"tenants {table}", source, clickhouse)
    oltp.execute(f"update {table} set deleted_at = now() where id = 1")
    assert extract(table, source, clickhouse).rows_deleted == 1
    assert rows(clickhouse, f"select is_deleted from raw.oltp_{table} final order by tenant_id") == [(True,), (False,)]
    oltp.execute(f"update {table} set deleted_at = null where id = 1")
    assert extract(table, source, clickhouse).rows_changed == 1
    assert rows(clickhouse, f"select is_deleted from raw.oltp_{table} final order by tenant_id") == [(False,), (False,)]
    assert extract(table, source, clickhouse).rows_changed == 0


def test_a_hard_delete_becomes_a_tombstone_that_counts_as_an_arrival(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract_these("tenants refunds", source, clickhouse)
    before = arrivals(clickhouse)
    oltp.execute("delete from refunds")
    report = extract("refunds", source, clickhouse)
    assert (report.rows_changed, report.rows_deleted) == (1, 1)
    assert rows(clickhouse, "select is_deleted, amount, toString(processed_at) from raw.oltp_refunds final") == [
        (True, Decimal("79.9000"), "2026-03-05 09:00:00.000000")
    ]
    assert arrivals(clickhouse) == before + 1
    assert extract("refunds", source, clickhouse).rows_changed == 0


def test_a_hard_deleted_customer_is_shredded(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract_these("tenants customers", source, clickhouse)
    oltp.execute("delete from customers where id = 2")
    assert extract("customers", source, clickhouse).rows_deleted == 1
    assert rows(clickhouse, "select is_deleted, key_id, ciphertext from pii.customers final where tenant_id = 'umbra'") == [
        (True, "", "")
    ]
    assert rows(clickhouse, "select is_deleted, key_id != '' from pii.customers final where tenant_id = 'acme'") == [
        (False, True)
    ]
    assert rows(clickhouse, "select tenant_id from pii.keys") == [("acme",)]


@pytest.mark.parametrize("table", ["coupons", "customers"])
def test_a_row_inserted_with_an_old_change_time_is_found_by_the_keys(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, table: str
) -> None:
    extract_these(f"tenants {table}", source, clickhouse)
    values = {"coupons": "code, kind, value) values (2, 'OLD', 'fixed', 5", "customers": "email) values (2, 'c@example.com'"}[
        table
    ]
    oltp.execute(f"insert into {table} (tenant_id, {values})")
    oltp.execute(f"update {table} set created_at = '2020-01-01', updated_at = '2020-01-01' where tenant_id = 2 and id >= 2")
    oltp.execute(f"update {table} set created_at = null, updated_at = null where tenant_id = 2 and id = 3")
    assert extract(table, source, clickhouse).rows_changed >= 1
    assert (
        rows(clickhouse, f"select count() from raw.oltp_{table} final")
        == oltp.execute(f"select count(*) from {table}").fetchall()
    )


def test_a_row_that_moved_to_another_tenant_leaves_the_first(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract_these("tenants coupons", source, clickhouse)
    oltp.execute("update coupons set tenant_id = 2")
    extract("coupons", source, clickhouse)
    assert rows(clickhouse, "select tenant_id, is_deleted from raw.oltp_coupons final order by 1") == [
        ("acme", True),
        ("umbra", False),
    ]


def test_an_unreachable_source_names_the_remedy() -> None:
    with pytest.raises(SourceUnreachableError, match="check GXY_OLTP_URL") as caught:
        open_source("postgresql://reader:s3cret@127.0.0.1:1/shop")
    assert "s3cret" not in str(caught.value)


def test_a_source_that_goes_away_while_it_is_read_leaves_the_table_whole(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    extract("coupons", source, clickhouse)
    watermark = "select max(watermark) from governance.watermarks where source_table = 'coupons'"
    before = rows(clickhouse, watermark)
    oltp.execute(
        "insert into coupons (tenant_id, code, kind, value) select 1, 'C' || g, 'fixed', 1 from generate_series(1, 200000) g"
    )
    stream = source.stream("select * from coupons")
    next(stream)
    oltp.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid != pg_backend_pid() and backend_type = 'client backend'"
    )
    with pytest.raises(SourceUnreachableError, match="check GXY_OLTP_URL"):
        list(stream)
    with pytest.raises(SourceUnreachableError, match="check GXY_OLTP_URL"):
        extract("coupons", source, clickhouse)
    assert rows(clickhouse, watermark) == before
    assert rows(clickhouse, "select count() from raw.oltp_coupons final where not is_deleted") == [(1,)]


def test_arrivals_whose_count_a_crash_lost_are_counted_by_the_next_extraction(source: Source, clickhouse: Client) -> None:
    """The state after a server died between a table's rows and their count: rows, no arrivals, no finished extraction."""
    extract_these("tenants refunds", source, clickhouse)
    clickhouse.command("truncate table governance.watermarks")
    clickhouse.command("truncate table governance.arrivals")
    assert extract("refunds", source, clickhouse).rows_changed == 0
    assert arrivals(clickhouse) == 1
    extract("refunds", source, clickhouse)
    assert arrivals(clickhouse) == 1
