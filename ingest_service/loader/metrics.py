"""The loader's numbers for Prometheus, from its status file: any process of the host can show them, also when the loader is dead.

Which numbers there are is decided by `status` and `tallies`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from ingest_service.loader.state import OUTCOMES
from ingest_service.loader.status import LoaderStatus, imbalance
from ingest_service.loader.tallies import Tallies, Tally

REJECTED = "rejected:"
DROPPED = "dropped:"


def families(status: LoaderStatus, *, by_tenant: bool = False) -> Iterator[Metric]:
    """The metrics of one picture of the loader. `by_tenant` names tenants: a series for each of the busiest 100."""
    yield from event_families(status)
    if by_tenant:
        yield tenant_family(status)
    yield from lag_families(status)
    yield from batch_families(status.totals.get("batches", 0), status.tallies)
    caches = GaugeMetricFamily("gxy_loader_cache_entries", "Answers that a cache of the enrichment holds.", labels=["cache"])
    for name, entries in status.caches.items():
        caches.add_metric([name], entries)
    yield caches
    yield CounterMetricFamily("gxy_loader_alarms", "Alarms since the loader started.", value=status.totals.get("alarms", 0))
    yield GaugeMetricFamily("gxy_loader_quarantined_segments", "Damaged segments set aside.", value=len(status.quarantined))
    yield GaugeMetricFamily(
        "gxy_loader_clickhouse_up", "Whether ClickHouse took the last insert.", value=status.clickhouse_error is None
    )
    yield CounterMetricFamily(
        "gxy_loader_restarts", "Starts after an end that was not orderly (killed, crashed).", value=status.restarts
    )
    yield GaugeMetricFamily(
        "gxy_loader_status_age_seconds",
        "Time since the loader last reported; over 10 s it hangs or does not run.",
        value=max(time.time() - status.updated_at, 0.0),
    )


def event_families(status: LoaderStatus) -> Iterator[Metric]:
    """What became of the events: the ledger's sums, dead letters by reason, warnings by code."""
    totals = status.totals
    events = CounterMetricFamily("gxy_loader_events", "Events by what became of them (the ledger's sums).", labels=["outcome"])
    for outcome in OUTCOMES:
        events.add_metric([outcome], totals.get(outcome, 0))
    letters = CounterMetricFamily("gxy_loader_dead_letters", "Dead letters by reason.", labels=["reason"])
    for reason, count in by_reason(totals, REJECTED).items():
        letters.add_metric([reason], count)
    drops = CounterMetricFamily("gxy_loader_dropped_events", "Events that a rule kept out, by reason.", labels=["reason"])
    for reason, count in by_reason(totals, DROPPED).items():
        drops.add_metric([reason], count)
    warnings = CounterMetricFamily("gxy_loader_warnings", "Stored events by warning.", labels=["code"])
    for code, count in status.tallies.warnings.items():
        warnings.add_metric([code], count)
    yield from (events, letters, drops, warnings)
    yield CounterMetricFamily("gxy_loader_ledger_mismatches", "Ledger rows not in balance.", value=totals.get("unbalanced", 0))
    yield GaugeMetricFamily(
        "gxy_loader_ledger_imbalance_events",
        "Accepted events without an outcome, over the whole ledger; 0 unless something is wrong.",
        value=imbalance(totals),
    )


def by_reason(totals: dict[str, int], prefix: str) -> dict[str, int]:
    """The totals whose names begin with `prefix`, without it; the largest first."""
    found = {name.removeprefix(prefix): count for name, count in totals.items() if name.startswith(prefix)}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def tenant_family(status: LoaderStatus) -> Metric:
    """The ledger's sums of each of the busiest tenants."""
    family = CounterMetricFamily("gxy_loader_tenant_events", "Events by tenant and outcome.", labels=["tenant", "outcome"])
    for tenant_id, outcomes in status.tenants.items():
        for outcome in OUTCOMES:
            family.add_metric([tenant_id, outcome], outcomes.get(outcome, 0))
    return family


def lag_families(status: LoaderStatus) -> Iterator[Metric]:
    """How far behind the loader is, by slot of the spool."""
    lag_bytes = GaugeMetricFamily("gxy_loader_lag_bytes", "Durable bytes not loaded yet.", labels=["slot"])
    lag_seconds = GaugeMetricFamily("gxy_loader_lag_seconds", "How long records have been waiting.", labels=["slot"])
    for name, slot in status.slots.items():
        lag_bytes.add_metric([name], slot.lag_bytes)
        lag_seconds.add_metric([name], slot.lag_seconds)
    yield from (lag_bytes, lag_seconds)


def batch_families(batches: int, tallies: Tallies) -> Iterator[Metric]:
    """Sizes and times of batches, and how wrong the clients' clocks are."""
    yield CounterMetricFamily("gxy_loader_batches", "Batches loaded.", value=batches)
    yield histogram("gxy_loader_batch_events", "Events a batch.", tallies.batch_events)
    yield histogram("gxy_loader_batch_seconds", "Time of a batch from reading it to its commit.", tallies.batch_seconds)
    yield histogram(
        "gxy_loader_insert_seconds", "Time until ClickHouse had a batch, its retries included.", tallies.insert_seconds
    )
    yield histogram("gxy_loader_clock_skew_seconds", "How wrong the clock of an event's client was.", tallies.skew_seconds)


def histogram(name: str, documentation: str, tally: Tally) -> Metric:
    """A tally as Prometheus has histograms: buckets that add up."""
    total, buckets = 0, []
    for bound, count in zip((*tally.bounds, float("inf")), tally.counts, strict=True):
        total += count
        buckets.append((floatToGoString(bound), total))
    return HistogramMetricFamily(name, documentation, buckets=buckets, sum_value=tally.sum)
