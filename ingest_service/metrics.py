"""Prometheus metrics of the HTTP workers, shown beside those of the loader (which are its own: `loader.metrics`).

With PROMETHEUS_MULTIPROC_DIR set (by `ingest_service.supervisor`, before this is imported) any worker shows the sum of all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gxy_analytics.contracts.events import EventResult
from gxy_analytics.settings import Settings
from ingest_service.loader.metrics import LoaderCollector
from ingest_service.spool.segment import SUFFIX

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
FSYNC_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
GROUP_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class SpoolBytes(Collector):
    """Bytes on disk under the spool, measured when asked."""

    def __init__(self, spool_dir: Path) -> None:
        self._spool_dir = spool_dir

    def collect(self) -> Iterator[Metric]:
        size = 0
        for path in self._spool_dir.glob(f"*/*{SUFFIX}"):
            with suppress(FileNotFoundError):  # the loader deletes what it has loaded
                size += path.stat().st_blocks * 512
        yield GaugeMetricFamily("gxy_ingest_spool_bytes", "Bytes on disk in the spools of this host.", value=size)


class IngestMetrics:
    """What one worker counts. Label values are few and fixed: routes, status codes, event statuses."""

    def __init__(self, settings: Settings) -> None:
        self._registry = CollectorRegistry()
        requests = Counter("gxy_ingest_requests", "Requests answered.", ["route", "status"], registry=self._registry)
        events = Counter("gxy_ingest_events", "Events answered 200, by status.", ["status"], registry=self._registry)
        self._requests = cache(lambda route, status: requests.labels(route, status))
        self._events = cache(lambda status: events.labels(status))
        self._commit_seconds = Histogram(
            "gxy_ingest_commit_seconds", "Time of one write and fdatasync.", buckets=FSYNC_BUCKETS, registry=self._registry
        )
        self._group_size = Histogram(
            "gxy_ingest_commit_requests", "Requests that shared one fdatasync.", buckets=GROUP_BUCKETS, registry=self._registry
        )
        self._written = Counter("gxy_ingest_spool_written_bytes", "Bytes made durable.", registry=self._registry)
        self._host = CollectorRegistry()
        self._host.register(SpoolBytes(settings.spool_dir))
        self._host.register(LoaderCollector(settings.loader_dir))

    def count_request(self, route: str, status: int) -> None:
        """One request was answered."""
        self._requests(route, status).inc()

    def count_events(self, results: Iterable[EventResult]) -> None:
        """The events of one durable request."""
        counts: dict[str, int] = {}
        for result in results:
            counts[result.status] = counts.get(result.status, 0) + 1
        for status, number in counts.items():
            self._events(status).inc(number)

    def observe_commit(self, frames: int, size: int, seconds: float) -> None:
        """One group commit; called from the commit thread."""
        self._commit_seconds.observe(seconds)
        self._group_size.observe(frames)
        self._written.inc(size)

    def exposition(self) -> bytes:
        """The text format, over all workers of this host where they share a directory."""
        workers = self._registry
        if os.environ.get(MULTIPROCESS_VARIABLE):
            workers = CollectorRegistry()
            MultiProcessCollector(workers)
        return generate_latest(workers) + generate_latest(self._host)
