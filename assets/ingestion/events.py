"""raw.events and raw.events_rejected. The ingest loader writes them as events arrive; materializing a day counts them."""

import dagster as dg

from assets.conventions import table_spec
from assets.partitions import daily, required_window
from assets.retries import retried
from gxy_analytics.quality.events import arrived_events, loaded, rejected_events
from gxy_analytics.quality.row_counts import table_rows
from gxy_analytics.resources import Platform

EVENTS = (
    "Every accepted event, written by the ingest loader as it arrives. Materializing a day moves nothing: it counts the day's "
    "events and the ledger, so that the tables made from them have a parent with numbers."
)
REJECTED = (
    "Events that were refused after they had been accepted: reason, JSON pointer and the bytes as received. "
    "`gxy ingest replay` puts them back."
)


@dg.multi_asset(
    name="raw_events",
    specs=[table_spec("raw", "events", EVENTS, kinds={"litestar"})],
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def events(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Count the window's events by tenant, and the ledger as a whole."""
    window = required_window(context.run.tags)
    with retried(), platform.clickhouse("raw.events", context.run.run_id) as client:
        by_tenant = arrived_events(client, window)
        ledger = loaded(client)
    return dg.MaterializeResult(
        metadata={
            "days": str(window),
            "dagster/row_count": ledger.inserted,
            "events_of_these_days": sum(by_tenant.values()),
            "events_by_tenant": by_tenant,
            "ledger_accepted": ledger.accepted,
            "ledger_deduplicated": ledger.deduplicated,
            "ledger_rejected": ledger.rejected,
            "ledger_dropped": ledger.dropped,
            "last_loaded_at": dg.MetadataValue.timestamp(ledger.last_loaded_at),
        }
    )


@dg.multi_asset(
    name="raw_events_rejected",
    specs=[table_spec("raw", "events_rejected", REJECTED, kinds={"litestar"})],
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def events_rejected(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Count the window's dead letters by reason."""
    window = required_window(context.run.tags)
    with retried(), platform.clickhouse("raw.events_rejected", context.run.run_id) as client:
        by_reason = rejected_events(client, window)
        rows = table_rows(client, "raw", "events_rejected") or 0
    return dg.MaterializeResult(
        metadata={
            "days": str(window),
            "dagster/row_count": rows,
            "rejected_on_these_days": sum(by_reason.values()),
            "rejected_by_reason": by_reason,
        }
    )
