"""The same registry over a real MariaDB (Debian's `mariadb-server`); skipped, and said so, where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, ROWS, SHOP, arrivals, extract, rejects, rows
from mariadb import NEEDS_MARIADB, MariaDb, run, running_mariadb

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.drift import MissingColumnError
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.tenants.backend import BackendReadOnlyError
from gxy_analytics.governance.tenants.tenants import add_tenant
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms

pytestmark = NEEDS_MARIADB


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with running_mariadb() as started:
        yield started


@pytest.fixture
def shop(server: MariaDb) -> Iterator[MariaDb]:
    server.reset()
    with server.connect() as connection:
        run(connection, SHOP)
    return server


@pytest.fixture
def source(shop: MariaDb) -> Iterator[Source]:
    with open_source(shop.url) as opened:
        yield opened


def execute(server: MariaDb, script: str) -> None:
    with server.connect() as connection:
        run(connection, script)


def test_every_table_arrives_exactly_and_only_once(source: Source, clickhouse: Client) -> None:
    reports = extract_all(source, clickhouse, master_key=MASTER)
    assert {name: report.rows_changed for name, report in reports.items()} == ROWS
    assert all((report.rejected, report.drift) == (0, ()) for report in reports.values())
    orders = rows(
        clickhouse,
        "select customer_pid, status, grand_total, ip_truncated, toString(placed_at) "
        "from raw.oltp_orders final order by tenant_id",
    )
    assert orders[0] == (
        Pseudonyms(MASTER).customer_pid("acme", 1),
        "paid",
        Decimal("159.8000"),
        "203.0.113.0",
        "2026-03-01 10:00:00.000000",
    )
    assert rows(clickhouse, "select currency, product_id from raw.oltp_refunds final") == [("EUR", 1)]
    assert rows(clickhouse, "select birth_year, accepts_marketing from raw.oltp_customers final order by tenant_id") == [
        (1990, False),
        (None, False),
    ]
    before = arrivals(clickhouse)
    assert {report.rows_changed for report in extract_all(source, clickhouse, master_key=MASTER).values()} == {0}
    assert arrivals(clickhouse) == before


def test_changes_and_deletions_are_followed(shop: MariaDb, source: Source, clickhouse: Client) -> None:
    extract_all(source, clickhouse, master_key=MASTER)
    execute(
        shop,
        "update orders set status = 'cancelled', updated_at = utc_timestamp() where id = 1;\n"
        "delete from refunds;\n"
        "update customers set deleted_at = now(), updated_at = '2020-01-01' where id = 1;\n"
        "insert into coupons (tenant_id, code, kind, value, created_at, updated_at) "
        "values (2, 'OLD', 'fixed', 5, '2020-01-01', null);\n",
    )
    changed = {name: report.rows_changed for name, report in extract_all(source, clickhouse, master_key=MASTER).items()}
    assert {name: count for name, count in changed.items() if count} == {"orders": 1, "refunds": 1, "customers": 1, "coupons": 1}
    assert rows(clickhouse, "select is_deleted from raw.oltp_refunds final") == [(True,)]
    assert rows(clickhouse, "select is_deleted from raw.oltp_customers final order by tenant_id") == [(True,), (False,)]


def test_zero_dates_and_other_misfits_are_rejected_by_row(shop: MariaDb, source: Source, clickhouse: Client) -> None:
    execute(
        shop,
        "set session sql_mode = '';\n"
        "insert into orders (tenant_id, number, currency, placed_at) "
        "values (1, 'Z', 'EUR', '0000-00-00 00:00:00'), (9, 'T', 'EUR', '2026-01-01');\n",
    )
    reports = extract_all(source, clickhouse, master_key=MASTER)
    assert (reports["orders"].rows_changed, reports["orders"].rejected) == (2, 2)
    assert [reject[2:4] for reject in rejects(clickhouse)] == [("4", "tenant_id"), ("3", "placed_at")]


def test_drift_is_named(shop: MariaDb, source: Source, clickhouse: Client) -> None:
    execute(
        shop, "alter table coupons drop column kind, add column color varchar(9);\nalter table products add column weight int;\n"
    )
    extract("tenants", source, clickhouse)
    with pytest.raises(MissingColumnError, match=r"no coupons\.kind"):
        extract("coupons", source, clickhouse)
    assert extract("products", source, clickhouse).drift == ("products.weight",)


def test_a_tenant_is_added_to_and_adopted_from_it(shop: MariaDb, clickhouse: Client) -> None:
    assert add_tenant(clickhouse, shop.url, "fresh", timezone="Asia/Tokyo").oltp_id == 3
    assert add_tenant(clickhouse, shop.url, "acme").timezone == "Europe/Berlin"
    with shop.connect(user="root") as connection, connection.cursor() as cursor:
        cursor.execute("create or replace user looker@localhost identified by 'secret'")
        cursor.execute("grant select on shop.* to looker@localhost")
    with pytest.raises(BackendReadOnlyError, match="create the tenant in the backend first"):
        add_tenant(clickhouse, shop.url.replace("reader", "looker"), "other")


def test_a_source_that_goes_away_is_unreachable_and_leaves_the_table_whole(
    shop: MariaDb, source: Source, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    shop.stop()
    try:
        with pytest.raises(SourceUnreachableError, match="check GXY_OLTP_URL") as caught:
            extract("tenants", source, clickhouse)
        assert "secret" not in str(caught.value)
        assert rows(clickhouse, "select count() from raw.oltp_tenants final where not is_deleted") == [(2,)]
    finally:
        shop.launch()
