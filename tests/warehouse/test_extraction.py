"""Extraction from a real PostgreSQL into a real ClickHouse: what is written, what is not, and what survives a bad row."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, ROWS, SHOP, arrivals, extract, rejects, rows

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.extraction.drift import MissingColumnError
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.extraction.source import Source, open_source
from gxy_analytics.governance.pseudonyms import Pseudonyms
from gxy_analytics.settings import Settings


@pytest.fixture
def source(oltp: psycopg.Connection, settings: Settings) -> Iterator[Source]:
    """A source over a shop of two tenants."""
    oltp.execute(SHOP)
    assert settings.oltp_url
    with open_source(settings.oltp_url) as opened:
        yield opened


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
    extract_all(source, clickhouse, master_key=MASTER)
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
    extract_all(source, clickhouse, master_key=MASTER)
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
    extract_all(source, clickhouse, master_key=MASTER)
    oltp.execute("update customers set deleted_at = now(), updated_at = now() at time zone 'utc' where id = 1")
    report = extract("customers", source, clickhouse)
    assert (report.rows_changed, report.rows_deleted) == (1, 1)
    assert rows(clickhouse, "select is_deleted, country from raw.oltp_customers final where tenant_id = 'acme'") == [(True, "DE")]
    assert rows(clickhouse, "select is_deleted, wrapped_key != '' from pii.customers final where tenant_id = 'acme'") == [
        (True, True)
    ]


@pytest.mark.parametrize("table", ["products", "customers"])
def test_a_soft_delete_without_a_change_time_is_found_by_the_keys(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, table: str
) -> None:
    oltp.execute(f"update {table} set updated_at = '2026-01-01', created_at = '2026-01-01' where id = 1")
    extract_all(source, clickhouse, master_key=MASTER)
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
    extract_all(source, clickhouse, master_key=MASTER)
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
    extract_all(source, clickhouse, master_key=MASTER)
    oltp.execute("delete from customers where id = 2")
    assert extract("customers", source, clickhouse).rows_deleted == 1
    assert rows(clickhouse, "select is_deleted, wrapped_key, ciphertext from pii.customers final where tenant_id = 'umbra'") == [
        (True, "", "")
    ]
    assert rows(clickhouse, "select is_deleted, wrapped_key != '' from pii.customers final where tenant_id = 'acme'") == [
        (False, True)
    ]


@pytest.mark.parametrize("table", ["coupons", "customers"])
def test_a_row_inserted_with_an_old_change_time_is_found_by_the_keys(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, table: str
) -> None:
    extract_all(source, clickhouse, master_key=MASTER)
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
    extract_all(source, clickhouse, master_key=MASTER)
    oltp.execute("update coupons set tenant_id = 2")
    extract("coupons", source, clickhouse)
    assert rows(clickhouse, "select tenant_id, is_deleted from raw.oltp_coupons final order by 1") == [
        ("acme", True),
        ("umbra", False),
    ]


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
    extract_all(source, clickhouse, master_key=MASTER)
    oltp.execute("update orders set currency = '???', status = 'cancelled', updated_at = now() at time zone 'utc' where id = 1")
    assert extract("orders", source, clickhouse).rejected == 1
    assert rows(clickhouse, "select status, currency from raw.oltp_orders final where order_id = 1") == [("paid", "EUR")]
    oltp.execute("delete from refunds; delete from shipments; delete from payments; delete from order_items; delete from orders")
    assert extract("orders", source, clickhouse).rejected == 0


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
    extract_all(source, clickhouse, master_key=MASTER)
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


def test_an_unreachable_source_names_the_remedy() -> None:
    with pytest.raises(SourceUnreachableError, match="check GXY_OLTP_URL") as caught:
        open_source("postgresql://reader:s3cret@127.0.0.1:1/shop")
    assert "s3cret" not in str(caught.value)


def test_a_moved_tenant_gets_its_new_zone_from_the_extraction_on(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    zones = (
        "select timezone, toUnixTimestamp(valid_from) = 0 from governance.tenant_timezones final "
        "where tenant_id = 'acme' order by valid_from"
    )
    assert rows(clickhouse, zones) == [("Europe/Berlin", 1)]
    oltp.execute("update tenants set timezone = 'Asia/Tokyo', updated_at = now() at time zone 'utc' where slug = 'acme'")
    extract("tenants", source, clickhouse)
    extract("tenants", source, clickhouse)
    assert rows(clickhouse, zones) == [("Europe/Berlin", 1), ("Asia/Tokyo", 0)]
    assert rows(clickhouse, "select timezone from governance.tenants final where tenant_id = 'acme'") == [("Asia/Tokyo",)]


def test_a_zone_that_is_none_is_rejected_and_the_old_one_stays(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    oltp.execute("update tenants set timezone = 'Mars/Olympus', updated_at = now() at time zone 'utc' where slug = 'acme'")
    assert extract("tenants", source, clickhouse).rejected == 1
    assert rows(clickhouse, "select timezone from governance.tenants final where tenant_id = 'acme'") == [("Europe/Berlin",)]


def test_a_renamed_slug_is_rejected(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract("tenants", source, clickhouse)
    oltp.execute("update tenants set slug = 'acme2', updated_at = now() at time zone 'utc' where slug = 'acme'")
    assert extract("tenants", source, clickhouse).rejected == 1
    assert rows(clickhouse, "select tenant_id from governance.tenants final order by 1") == [("acme",), ("umbra",)]


def test_a_deleted_tenant_is_published_as_deleted(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("insert into tenants (slug, name) values ('gone', 'Gone')")
    extract("tenants", source, clickhouse)
    oltp.execute("delete from tenants where slug = 'gone'")
    oltp.execute("insert into tenants (slug, name) values ('fresh', 'Fresh')")
    extract("tenants", source, clickhouse)
    assert rows(clickhouse, "select tenant_id, status from governance.tenants final order by 1") == [
        ("acme", "active"), ("fresh", "active"), ("gone", "deleted"), ("umbra", "active"),
    ]  # fmt: skip


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
