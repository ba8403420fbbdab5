"""The columns that the loader writes, as Arrow types: one list a table, equal to its DDL (a test compares them).

How a column is filled belongs to `assemble` (events) and `letters` (the rest).
"""

from __future__ import annotations

import pyarrow as pa

INSTANT = pa.timestamp("ms", "UTC")
MONEY = pa.decimal128(18, 4)
STRING = pa.string()
STRINGS = pa.list_(STRING)

RAW_EVENTS = pa.schema(
    [
        ("tenant_id", STRING),
        ("event_id", pa.binary(16)),
        ("client_event_id", STRING),
        ("name", STRING),
        ("protocol", STRING),
        ("tracker_version", STRING),
        ("platform", STRING),
        ("event_time", INSTANT),
        ("time_source", STRING),
        ("created_at", INSTANT),
        ("sent_at", INSTANT),
        ("received_at", INSTANT),
        ("loaded_at", INSTANT),
        ("skew_ms", pa.int64()),
        ("lateness_ms", pa.int64()),
        ("is_historical", pa.bool_()),
        ("anonymous_id", STRING),
        ("customer_pid", STRING),
        ("network_id", STRING),
        ("session_id", STRING),
        ("session_index", pa.uint32()),
        ("session_seq", pa.uint32()),
        ("page_view_id", STRING),
        ("page_url", STRING),
        ("page_host", STRING),
        ("page_path", STRING),
        ("page_title", STRING),
        ("page_referrer", STRING),
        ("campaign_source", STRING),
        ("campaign_medium", STRING),
        ("campaign_name", STRING),
        ("campaign_term", STRING),
        ("campaign_content", STRING),
        ("click_ids", pa.map_(STRING, STRING)),
        ("locale", STRING),
        ("client_timezone", STRING),
        ("viewport", STRING),
        ("user_agent", STRING),
        ("ip_truncated", STRING),
        ("consent", pa.map_(STRING, pa.bool_())),
        ("search_query", STRING),
        ("search_result_count", pa.uint32()),
        ("list_id", STRING),
        ("list_name", STRING),
        ("cart_id", STRING),
        ("cart_value", MONEY),
        ("order_id", STRING),
        ("order_value", MONEY),
        ("currency", STRING),
        ("items.product_id", STRINGS),
        ("items.sku", STRINGS),
        ("items.name", STRINGS),
        ("items.category", STRINGS),
        ("items.brand", STRINGS),
        ("items.variant", STRINGS),
        ("items.price", pa.list_(MONEY)),
        ("items.quantity", pa.list_(pa.uint32())),
        ("items.position", pa.list_(pa.uint32())),
        ("items.currency", STRINGS),
        ("properties", STRING),
        ("warnings", STRINGS),
        ("ingest_node", STRING),
        ("ingest_segment", pa.uint64()),
        ("ingest_offset", pa.uint64()),
        ("ingest_index", pa.uint32()),
    ]
)

RAW_EVENTS_REJECTED = pa.schema(
    [
        ("tenant_id", STRING),
        ("rejected_id", STRING),
        ("received_at", INSTANT),
        ("sent_at", INSTANT),
        ("protocol", STRING),
        ("client_event_id", STRING),
        ("reason", STRING),
        ("pointer", STRING),
        ("detail", STRING),
        ("raw", pa.binary()),
        ("is_truncated", pa.bool_()),
        ("ip_truncated", STRING),
        ("user_agent", STRING),
        ("ingest_node", STRING),
        ("ingest_segment", pa.uint64()),
        ("ingest_offset", pa.uint64()),
        ("ingest_index", pa.uint32()),
        ("loaded_at", INSTANT),
        ("replayed_at", INSTANT),
    ]
)

INGEST_LEDGER = pa.schema(
    [
        ("tenant_id", STRING),
        ("batch_id", STRING),
        ("accepted", pa.uint64()),
        ("inserted", pa.uint64()),
        ("deduplicated", pa.uint64()),
        ("rejected", pa.uint64()),
        ("dropped", pa.uint64()),
        ("loaded_at", INSTANT),
    ]
)

TABLES: dict[str, pa.Schema] = {
    "raw.events": RAW_EVENTS,
    "raw.events_rejected": RAW_EVENTS_REJECTED,
    "governance.ingest_ledger": INGEST_LEDGER,
}
