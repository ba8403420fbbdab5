"""The governance tables as the graph sees them: written elsewhere, shown with their columns so that lineage is whole."""

from __future__ import annotations

from assets.conventions import table_spec

tenants = table_spec("governance", "tenants", "The tenants that exist; `gxy tenant add` makes one.", kinds={"python"})
tenant_timezones = table_spec(
    "governance",
    "tenant_timezones",
    "The zone of each tenant by the instant it became valid: decides the local day of every row.",
    kinds={"python"},
)
ingest_ledger = table_spec(
    "governance",
    "ingest_ledger",
    "What became of every accepted event, by the loader's batches: the check on raw.events adds it up.",
    kinds={"litestar"},
)
watermarks = table_spec(
    "governance", "watermarks", "How far each table of the backend was extracted, one row an extraction.", kinds={"python"}
)
extraction_rejects = table_spec(
    "governance",
    "extraction_rejects",
    "Rows of the backend that do not fit their contract, by table, key and column; they did not stop the others.",
    kinds={"python"},
)
arrivals = table_spec(
    "governance",
    "arrivals",
    "Rows that arrived in raw by the instant they are about, counted at insert: what makes a built day stale.",
    kinds={"python"},
    deps=[
        ["raw", "events"],
        ["raw", "oltp_orders"],
        ["raw", "oltp_order_items"],
        ["raw", "oltp_payments"],
        ["raw", "oltp_refunds"],
    ],
)
day_builds = table_spec(
    "governance",
    "day_builds",
    "The arrivals each day had when it was last built; the late-data sensor compares them with the arrivals now.",
    kinds={"python"},
    deps=[["governance", "arrivals"]],
)
reconciliation = table_spec(
    "governance",
    "reconciliation",
    "Both sides of the last comparison of marts.sales_daily with the backend, per tenant, day, currency and metric.",
    kinds={"python"},
    deps=[["marts", "sales_daily"]],
)
