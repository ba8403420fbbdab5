"""The loader's numbers for Prometheus, from its status file: any process of the host can show them, also when the loader is dead.

Which numbers there are is decided by `status`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest_service.loader.status import LoaderStatus, read_status

REJECTED = "rejected:"
OUTCOMES = ("accepted", "inserted", "deduplicated", "rejected", "dropped")


class LoaderCollector(Collector):
    """Reads `<loader_dir>/status.json` when asked."""

    def __init__(self, loader_dir: Path) -> None:
        self._loader_dir = loader_dir

    def collect(self) -> Iterator[Metric]:
        status = read_status(self._loader_dir)
        return iter(()) if status is None else families(status)


def families(status: LoaderStatus) -> Iterator[Metric]:
    """The metrics of one picture of the loader."""
    events = CounterMetricFamily("gxy_loader_events", "Events by what became of them (the ledger's sums).", labels=["outcome"])
    for outcome in OUTCOMES:
        events.add_metric([outcome], status.totals.get(outcome, 0))
    yield events
    letters = CounterMetricFamily("gxy_loader_dead_letters", "Dead letters by reason.", labels=["reason"])
    for name, count in status.totals.items():
        if name.startswith(REJECTED):
            letters.add_metric([name.removeprefix(REJECTED)], count)
    yield letters
    lag_bytes = GaugeMetricFamily("gxy_loader_lag_bytes", "Durable bytes not loaded yet.", labels=["slot"])
    lag_seconds = GaugeMetricFamily("gxy_loader_lag_seconds", "How long records have been waiting.", labels=["slot"])
    for name, slot in status.slots.items():
        lag_bytes.add_metric([name], slot.lag_bytes)
        lag_seconds.add_metric([name], slot.lag_seconds)
    yield from (lag_bytes, lag_seconds)
    yield CounterMetricFamily("gxy_loader_batches", "Batches loaded.", value=status.totals.get("batches", 0))
    yield CounterMetricFamily(
        "gxy_loader_ledger_mismatches", "Ledger rows not in balance.", value=status.totals.get("unbalanced", 0)
    )
    yield CounterMetricFamily("gxy_loader_alarms", "Alarms since the loader started.", value=status.totals.get("alarms", 0))
    yield GaugeMetricFamily("gxy_loader_quarantined_segments", "Damaged segments set aside.", value=len(status.quarantined))
    yield GaugeMetricFamily(
        "gxy_loader_clickhouse_up", "Whether ClickHouse took the last insert.", value=status.clickhouse_error is None
    )
    yield GaugeMetricFamily(
        "gxy_loader_status_age_seconds", "Age of the status.", value=max(time.time() - status.updated_at, 0.0)
    )
