"""Rows and columns that do not fit: named, left out, taken in once they are mended; everything else goes on."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import extract, extract_these, rejects, rows

from gxy_analytics.extraction.drift import MissingColumnError
from gxy_analytics.extraction.source import Source


def test_a_row_that_does_not_fit_is_named_and_the_others_go_on(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    oltp.execute(
        "insert into orders (tenant_id, number, currency, placed_at) "
        "values (1, 'X', 'eur', '2026-03-03'), (1, 'Y', 'EUR', 'infinity')"
    )
    extract("tenants", source, clickhouse)
    report = extract("orders", source, clickhouse)
    assert (report.rows_changed, report.rejected) == (2, 2)
    assert rejects(clickhouse) == [
        ("acme", "orders", "3", "currency", "is not an ISO 4217 code"),
        ("acme", "orders", "4", "placed_at", "is not an instant from 1900 to 2299"),
    ]


def test_a_mended_row_is_extracted_and_its_reject_cleared_even_without_a_change_time(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    oltp.execute("update orders set currency = 'eur', updated_at = '2026-01-01' where id = 1")
    extract("tenants", source, clickhouse)
    assert extract("orders", source, clickhouse).rejected == 1
    assert extract("orders", source, clickhouse).rejected == 1
    oltp.execute("update orders set currency = 'EUR' where id = 1")
    report = extract("orders", source, clickhouse)
    assert (report.rows_changed, report.rejected) == (1, 0)
    assert rejects(clickhouse) == []


def test_a_rejected_change_leaves_the_version_before_it(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract_these("tenants orders", source, clickhouse)
    oltp.execute("update orders set currency = '???', status = 'cancelled', updated_at = now() at time zone 'utc' where id = 1")
    assert extract("orders", source, clickhouse).rejected == 1
    status = "select status, currency from raw.oltp_orders final where order_id = 1"
    assert rows(clickhouse, status) == [("paid", "EUR")]
    oltp.execute("update orders set currency = 'EUR', updated_at = '2026-01-01' where id = 1")
    report = extract("orders", source, clickhouse)
    assert (report.rows_changed, report.rejected) == (1, 0)
    assert rows(clickhouse, status) == [("cancelled", "EUR")]


def test_the_reject_of_a_row_that_was_deleted_is_cleared(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("update coupons set value = 'NaN'")
    extract("tenants", source, clickhouse)
    assert extract("coupons", source, clickhouse).rejected == 1
    oltp.execute("delete from coupons")
    assert extract("coupons", source, clickhouse).rejected == 0


def test_rows_of_an_unknown_tenant_wait_for_it(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract("tenants", source, clickhouse)
    oltp.execute("insert into tenants (slug, name) values ('late', 'Late')")
    oltp.execute("insert into customers (tenant_id, email) values (3, 'l@example.com')")
    oltp.execute("insert into coupons (tenant_id, code, kind, value) values (3, 'L', 'fixed', 1)")
    assert [extract(table, source, clickhouse).rejected for table in ("customers", "coupons")] == [1, 1]
    assert rejects(clickhouse)[0] == ("", "coupons", "2", "tenant_id", "names no tenant that was extracted")
    extract("tenants", source, clickhouse)
    assert [extract(table, source, clickhouse).rejected for table in ("customers", "coupons")] == [0, 0]
    assert rows(clickhouse, "select code from raw.oltp_coupons final where tenant_id = 'late'") == [("L",)]


def test_a_missing_column_stops_its_table_only_and_is_named(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract_these("tenants shipments", source, clickhouse)
    with oltp.transaction(force_rollback=False):
        oltp.execute("alter table shipments rename column carrier to haulier")
    try:
        with pytest.raises(MissingColumnError, match=r"no shipments\.carrier, which raw\.oltp_shipments .* restore the column"):
            extract("shipments", source, clickhouse)
        assert extract("refunds", source, clickhouse).rejected == 0
        assert rows(clickhouse, "select count() from raw.oltp_shipments final") == [(1,)]
    finally:
        oltp.execute("alter table shipments rename column haulier to carrier")


def test_an_unknown_column_is_named_and_not_extracted(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("alter table coupons add column campaign text default 'x'")
    try:
        extract("tenants", source, clickhouse)
        assert extract("coupons", source, clickhouse).drift == ("coupons.campaign",)
    finally:
        oltp.execute("alter table coupons drop column campaign")


def test_a_changed_type_is_judged_value_by_value(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("alter table coupons alter column value type text")
    try:
        oltp.execute("insert into coupons (tenant_id, code, kind, value) values (1, 'B', 'fixed', 'a lot')")
        extract("tenants", source, clickhouse)
        assert extract("coupons", source, clickhouse).rejected == 1
        assert rows(clickhouse, "select code, value from raw.oltp_coupons final") == [("SPRING", Decimal("10.0000"))]
    finally:
        oltp.execute("truncate coupons; alter table coupons alter column value type numeric(12, 2) using value::numeric")
