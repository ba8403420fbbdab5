"""A shop of two tenants and the shorthands the extraction tests share. What is proved is in the tests."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction.extract import extract_table
from gxy_analytics.extraction.report import ExtractionReport
from gxy_analytics.extraction.source import Source

MASTER = bytes(range(32))
# Understood by PostgreSQL and MariaDB alike.
SHOP = """
insert into tenants (slug, name, currency, timezone) values
    ('acme', 'Acme', 'EUR', 'Europe/Berlin'),
    ('umbra', 'Umbra', 'USD', 'UTC');
insert into customers (tenant_id, email, first_name, birth_date, country) values
    (1, 'anna@example.com', 'Anna', '1990-05-01', 'DE'),
    (2, 'bo@example.com', 'Bo', null, 'US');
insert into categories (tenant_id, name, slug) values (1, 'Shoes', 'shoes');
insert into products (tenant_id, category_id, name, price, currency) values
    (1, 1, 'Boot', 79.90, 'EUR'),
    (2, null, 'Cap', 9.99, 'USD');
insert into orders (tenant_id, customer_id, number, status, currency, subtotal, grand_total, ip_address, placed_at) values
    (1, 1, 'A-1', 'paid', 'EUR', 159.80, 159.80, '203.0.113.77', '2026-03-01 10:00:00'),
    (2, null, 'U-1', 'paid', 'USD', 9.99, 9.99, null, '2026-03-02 10:00:00');
insert into order_items (tenant_id, order_id, product_id, quantity, unit_price, total) values
    (1, 1, 1, 2, 79.90, 159.80),
    (2, 2, 2, 1, 9.99, 9.99);
insert into payments (tenant_id, order_id, status, amount, currency, processed_at) values
    (1, 1, 'captured', 159.80, 'EUR', '2026-03-01 10:01:00');
insert into shipments (tenant_id, order_id, status) values (1, 1, 'shipped');
insert into refunds (tenant_id, order_id, order_item_id, amount, quantity, processed_at) values
    (1, 1, 1, 79.90, 1, '2026-03-05 09:00:00');
insert into coupons (tenant_id, code, kind, value) values (1, 'SPRING', 'percent', 10);
"""
ROWS = {
    "tenants": 2, "customers": 2, "categories": 1, "products": 2, "coupons": 1,
    "orders": 2, "order_items": 2, "payments": 1, "shipments": 1, "refunds": 1,
}  # fmt: skip


def extract(name: str, source: Source, client: Client) -> ExtractionReport:
    """Extract one table with the tests' master key."""
    return extract_table(TABLES[name], source, client, master_key=MASTER)


def extract_these(names: str, source: Source, client: Client) -> None:
    """Extract the named tables, in the order given."""
    for name in names.split():
        extract(name, source, client)


def rows(client: Client, sql: str) -> list[tuple]:
    """All rows of a query."""
    return list(client.query(sql).result_rows)


def rejects(client: Client) -> list[tuple]:
    """The rows that do not fit now."""
    columns = "tenant_id, source_table, row_key, column_name, reason"
    return rows(client, f"select {columns} from governance.extraction_rejects final order by all")


def arrivals(client: Client) -> int:
    """Rows that arrived for some business time."""
    return int(rows(client, "select sum(arrived) from governance.arrivals")[0][0])
