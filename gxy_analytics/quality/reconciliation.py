"""marts.sales_daily against the backend's own tables, per tenant, local day and currency, to the cent.

The expected numbers are computed here a second time, in another language, from the source and not from what was extracted of it:
nothing of dbt or of the extraction is shared but the metric definitions (docs/reference/metrics.md).
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from clickhouse_connect.driver.client import Client

from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.quality.source import read_source
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window

PACKAGE = "gxy_analytics.quality"
METRICS = ("orders", "units", "gross_sales", "discounts", "returns", "net_sales")
KEY = ("tenant_id", "local_date", "currency")
MONEY = pl.Decimal(38, 4)
ZERO = pl.lit("0").cast(MONEY)
INSTANT = pl.Datetime("us")
REMEDY = (
    "Extract the orders, lines and refunds again and rebuild these days (`gxy materialize --from DAY --to DAY`); if they still "
    "differ, a model or the extraction is wrong: governance.reconciliation has both sides."
)

ORDERS = {
    "tenant_id": pl.String(),
    "order_id": pl.Int64(),
    "currency": pl.String(),
    "happened_at": INSTANT,
    "subtotal": MONEY,
    "discount_total": MONEY,
}
LINES = {"order_id": pl.Int64(), "quantity": pl.Int64(), "unit_price": MONEY, "discount": MONEY}
REFUNDS = {"tenant_id": pl.String(), "currency": pl.String(), "happened_at": INSTANT, "amount": MONEY}


def reconcile(client: Client, oltp_url: str, window: Window) -> pl.DataFrame:
    """Compare the days of `window` and record them in governance.reconciliation.

    Returns one row a tenant, day, currency and metric with `source_value` and `mart_value` (Decimal, 4 digits).
    Raises SourceUnreachableError.
    """
    zones = pl.DataFrame(client.query_arrow(read_sql(PACKAGE, "zones.sql")))
    expected = _long(source_sales(oltp_url, zones, window), "source_value")
    days = {"first": window.first, "last": window.last}
    actual = _long(pl.DataFrame(client.query_arrow(read_sql(PACKAGE, "mart_sales.sql"), parameters=days)), "mart_value")
    earlier = pl.DataFrame(client.query_arrow(read_sql(PACKAGE, "reconciled_keys.sql"), parameters=days))
    gone = _typed_keys(earlier).join(pl.DataFrame({"metric": METRICS}), how="cross")
    compared = (
        expected.join(actual, on=[*KEY, "metric"], how="full", coalesce=True)
        .join(gone, on=[*KEY, "metric"], how="full", coalesce=True)
        .with_columns(pl.col("source_value", "mart_value").fill_null(ZERO))
        .sort(*KEY, "metric")
    )
    _record(client, compared)
    return compared


def outcome(compared: pl.DataFrame, window: Window) -> Outcome:
    """What a comparison says: passed when every metric of every tenant and day is equal."""
    different = compared.filter(pl.col("source_value") != pl.col("mart_value"))
    days = compared.select("tenant_id", "local_date").n_unique()
    if different.is_empty():
        text = f"{len(compared)} numbers of {days} tenant-days equal the backend's to the cent ({window})"
        return passed(text, compared=len(compared), tenant_days=days)
    lines = [
        f"{row['tenant_id']} {row['local_date']} {row['metric']} {row['currency']}: "
        f"mart {row['mart_value']}, source {row['source_value']}"
        for row in different.iter_rows(named=True)
    ]
    return failed("marts.sales_daily differs from the backend", lines, REMEDY, compared=len(compared), tenant_days=days)


def source_sales(oltp_url: str, zones: pl.DataFrame, window: Window) -> pl.DataFrame:
    """The metrics of the days of `window` from the backend's tables; `zones` holds tenant_id, timezone, valid_from (UTC)."""
    since, until = window.earliest_instant, window.latest_instant
    orders = _stamp(read_source(oltp_url, "source_orders.sql", since, until, ORDERS), zones, window)
    lines = read_source(oltp_url, "source_lines.sql", since, until, LINES)
    refunds = _stamp(read_source(oltp_url, "source_refunds.sql", since, until, REFUNDS), zones, window)
    sold = (
        _per_order(orders, lines)
        .group_by(KEY)
        .agg(pl.len().cast(MONEY).alias("orders"), pl.col("units", "gross_sales", "discounts").sum().cast(MONEY))
    )
    returned = refunds.group_by(KEY).agg(pl.col("amount").sum().cast(MONEY).alias("returns"))
    both = sold.join(returned, on=list(KEY), how="full", coalesce=True)
    return both.with_columns(pl.col(METRICS[:-1]).fill_null(ZERO)).with_columns(
        (pl.col("gross_sales") - pl.col("discounts") - pl.col("returns")).cast(MONEY).alias("net_sales")
    )


def _per_order(orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Gross from the lines (subtotal without any), discounts the greater of the header's and the lines'."""
    of_lines = lines.group_by("order_id").agg(
        pl.col("quantity").sum().cast(MONEY).alias("units"),
        (pl.col("unit_price") * pl.col("quantity").cast(pl.Decimal(38, 0))).cast(MONEY).sum().cast(MONEY).alias("line_sales"),
        pl.col("discount").sum().cast(MONEY).alias("line_discounts"),
    )
    joined = orders.join(of_lines, on="order_id", how="left")
    return joined.with_columns(
        pl.col("units").fill_null(ZERO),
        pl.coalesce("line_sales", "subtotal").alias("gross_sales"),
        pl.max_horizontal("discount_total", pl.col("line_discounts").fill_null(ZERO)).cast(MONEY).alias("discounts"),
    )


def _stamp(rows: pl.DataFrame, zones: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Add `local_date` by the zone of the tenant valid at the instant (UTC without one), and keep the days of `window`."""
    valid = zones.with_columns(pl.col("valid_from").dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(INSTANT)).sort(
        "valid_from"
    )
    placed = rows.sort("happened_at").join_asof(
        valid, left_on="happened_at", right_on="valid_from", by="tenant_id", strategy="backward", check_sortedness=False
    )
    stamped = [
        part.with_columns(
            pl.col("happened_at").dt.replace_time_zone("UTC").dt.convert_time_zone(zone or "UTC").dt.date().alias("local_date")
        )
        for (zone,), part in placed.partition_by("timezone", as_dict=True).items()
    ]
    empty = placed.clear().with_columns(pl.lit(None, pl.Date).alias("local_date"))
    return pl.concat([empty, *stamped]).filter(pl.col("local_date").is_between(window.first, window.last))


def _long(wide: pl.DataFrame, value: str) -> pl.DataFrame:
    metrics = wide.select(*KEY, *METRICS).unpivot(METRICS, index=KEY, variable_name="metric", value_name=value)
    return _typed_keys(metrics).with_columns(pl.col(value).cast(MONEY))


def _typed_keys(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("tenant_id", "currency").cast(pl.String), pl.col("local_date").cast(pl.Date))


def _record(client: Client, compared: pl.DataFrame) -> None:
    if compared.is_empty():
        return
    checked = compared.with_columns(pl.lit(datetime.now(UTC)).cast(pl.Datetime("ms", "UTC")).alias("checked_at"))
    client.insert_arrow("reconciliation", checked.to_arrow(compat_level=pl.CompatLevel.oldest()), database="governance")
