"""Real orders (UCI Online Retail) as two tenants of the backend, extracted and built: every day equals polars over the file.

The invoices of the United Kingdom are one tenant, all others a second one in another zone and currency. An invoice is an order,
its rows are the lines; rows of a cancelling invoice (`C…`) are refunds of the day it was written.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import psycopg
import pytest
from dbt_world import EVERYTHING, DbtWorld, dbt_world
from extraction_world import extract_these

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.stack.oltp import EmbeddedPostgres
from tests.conftest import SHARED_DATA, empty_backend

FILE = SHARED_DATA / "online_retail" / "online_retail.parquet"
TENANTS = [("uk", "GBP", "Europe/London"), ("abroad", "AUD", "Australia/Sydney")]
CENT = pl.lit(0.01).cast(pl.Decimal(12, 2))

pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"the data set is not here: {FILE}")


def read_rows() -> pl.DataFrame:
    """The file's rows with their tenant, price in whole cents, and whether they give money back."""
    return (
        pl.read_parquet(FILE)
        .with_row_index("line", offset=1)
        .with_columns(
            cents=(pl.col("UnitPrice") * 100).round().cast(pl.Int64),
            tenant=pl.when(pl.col("Country") == "United Kingdom").then(1).otherwise(2).cast(pl.Int64),
            is_refund=pl.col("InvoiceNo").str.starts_with("C"),
            placed_at=pl.col("InvoiceDate").min().over("InvoiceNo"),
        )
    )


def money(cents: pl.Expr) -> pl.Expr:
    """Whole cents as an exact decimal of two places."""
    return (cents.cast(pl.Decimal(14, 0)) * CENT).cast(pl.Decimal(14, 2))


def expected(rows: pl.DataFrame) -> pl.DataFrame:
    """Orders, units, gross, returns and net of every tenant, local day and currency, computed from the file."""
    names = pl.DataFrame(TENANTS, schema=["tenant_id", "currency", "zone"], orient="row").with_row_index("tenant", offset=1)
    dated = pl.concat(
        rows.join(names.with_columns(pl.col("tenant").cast(pl.Int64)), on="tenant")
        .filter(pl.col("zone") == zone)
        .with_columns(
            local_date=pl.when(pl.col("is_refund"))
            .then(pl.col("InvoiceDate"))
            .otherwise(pl.col("placed_at"))
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone(zone)
            .dt.date()
        )
        for _, _, zone in TENANTS
    )
    sold, returned = pl.col("is_refund").not_(), pl.col("is_refund")
    amount = pl.col("cents") * pl.col("Quantity")
    return (
        dated.group_by("tenant_id", "local_date", "currency")
        .agg(
            orders=pl.col("InvoiceNo").filter(sold).n_unique().cast(pl.Int64),
            units=pl.col("Quantity").filter(sold).sum(),
            gross_sales=amount.filter(sold).sum(),
            returns=-amount.filter(returned).sum(),
        )
        .with_columns(net_sales=pl.col("gross_sales") - pl.col("returns"))
        .sort("tenant_id", "local_date", "currency")
    )


def copy(connection: psycopg.Connection, table: str, frame: pl.DataFrame) -> None:
    """COPY a frame into a table of the backend; column names are the table's."""
    with connection.cursor().copy(f"copy {table} ({', '.join(frame.columns)}) from stdin with (format csv)") as sink:
        sink.write(frame.write_csv(include_header=False))


def fill_backend(connection: psycopg.Connection, rows: pl.DataFrame) -> None:
    """Write the file's rows as tenants, customers, products, orders, lines and refunds."""
    tenants = pl.DataFrame(TENANTS, schema=["slug", "currency", "timezone"], orient="row").with_row_index("id", offset=1)
    copy(connection, "tenants", tenants.select("id", "slug", pl.col("slug").alias("name"), "currency", "timezone"))
    codes = tenants.select(pl.col("id").cast(pl.Int64).alias("tenant"), "currency")
    customers = rows.drop_nulls("CustomerID").group_by("CustomerID").agg(pl.col("tenant").min()).sort("CustomerID")
    copy(connection, "customers", customers.select(pl.col("CustomerID").alias("id"), pl.col("tenant").alias("tenant_id")))

    keyed = rows.join(codes, on="tenant")
    products = keyed.group_by("tenant", "StockCode", "currency").agg(pl.col("cents").max().abs()).sort("tenant", "StockCode")
    products = products.with_row_index("id", offset=1)
    catalogue = products.select(
        "id", "currency", tenant_id="tenant", sku="StockCode", name="StockCode", price=money(pl.col("cents"))
    )
    copy(connection, "products", catalogue)

    sold = keyed.filter(pl.col("is_refund").not_())
    orders = sold.group_by("InvoiceNo", "tenant", "currency", "placed_at", maintain_order=True).agg(
        pl.col("CustomerID").first(), (pl.col("cents") * pl.col("Quantity")).sum().alias("subtotal")
    )
    orders = orders.with_row_index("id", offset=1)
    named = {"customer_id": "CustomerID", "tenant_id": "tenant", "number": "InvoiceNo"}
    amounts = {"status": pl.lit("paid"), "subtotal": money(pl.col("subtotal"))}
    copy(connection, "orders", orders.select("id", "placed_at", "currency", **named, **amounts))

    lines = sold.join(orders.select("InvoiceNo", pl.col("id").alias("order_id")), on="InvoiceNo")
    lines = lines.join(products.select("tenant", "StockCode", pl.col("id").alias("product_id")), on=["tenant", "StockCode"])
    items = lines.select(
        "order_id", "product_id", id="line", tenant_id="tenant", quantity="Quantity", unit_price=money(pl.col("cents"))
    )
    copy(connection, "order_items", items)

    first_order = orders.group_by("tenant").agg(pl.col("id").min().alias("order_id"))
    refunds = keyed.filter("is_refund").join(first_order, on="tenant")
    amounts = {"amount": money(-pl.col("cents") * pl.col("Quantity")), "quantity": -pl.col("Quantity")}
    copy(connection, "refunds", refunds.select("order_id", id="line", tenant_id="tenant", processed_at="InvoiceDate", **amounts))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, oltp_server: EmbeddedPostgres) -> Iterator[DbtWorld]:
    """The file in a database of its own, extracted, and every day of it built by one run."""
    with psycopg.connect(oltp_server.url, autocommit=True) as connection, dbt_world(tmp_path_factory.mktemp("retail")) as world:
        empty_backend(connection)
        fill_backend(connection, read_rows())
        with open_source(oltp_server.url) as source:
            extract_these("tenants customers products orders order_items refunds", source, world.client)
        world.build(what=EVERYTHING)
        yield world


def test_every_day_equals_the_file_to_the_cent(world: DbtWorld) -> None:
    wanted = expected(read_rows())
    assert len(wanted) > 500
    built = world.rows(
        "select tenant_id, local_date, currency, orders, units, toInt64(gross_sales * 100), toInt64(returns * 100), "
        "toInt64(net_sales * 100) from marts.sales_daily order by tenant_id, local_date, currency"
    )
    assert built == wanted.rows()


def test_lines_products_and_orders_add_up_to_the_days(world: DbtWorld) -> None:
    totals = {
        table: world.rows(f"select sum(gross_sales), sum(units) from marts.{table}")
        for table in ("sales_daily", "fct_orders", "fct_order_items", "product_daily")
    }
    assert len(set(map(str, totals.values()))) == 1, totals
    assert world.rows("select sum(returns) from marts.product_daily") == world.rows("select sum(returns) from marts.sales_daily")


def test_customers_and_guests_together_are_all_orders(world: DbtWorld) -> None:
    known, guests, total = world.rows(
        "select (select sum(orders) from marts.dim_customers), (select count() from marts.fct_orders where customer_pid = ''), "
        "(select count() from marts.fct_orders)"
    )[0]
    assert guests > 0
    assert known + guests == total
