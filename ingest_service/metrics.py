"""Prometheus metrics that the HTTP workers count, shown beside those of the host and its loader (`host_metrics`).

With PROMETHEUS_MULTIPROC_DIR set (by `ingest_service.__main__`, before this is imported) any worker shows the sum of all.
Label values are few and nobody outside chooses one: routes, status codes, refusal codes, classes of tenants.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from gxy_analytics.contracts.events import EventResult
from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.settings import Settings
from ingest_service.host_metrics import HostCollector
from ingest_service.logs import RefusalLog

logger = logging.getLogger(__name__)

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
FSYNC_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
GROUP_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
CLASSES = ((100, "small"), (1_000, "medium"))  # events a second that a tenant's own quota allows, at most; above: large


class IngestMetrics:
    """What one worker counts. A count is an addition in shared memory (0.7 µs), no lock between processes."""

    def __init__(self, settings: Settings) -> None:
        self._registry = registry = CollectorRegistry()
        requests = Counter("gxy_ingest_requests", "Requests answered.", ["route", "status"], registry=registry)
        refused = Counter("gxy_ingest_refused", "Requests refused, by code.", ["route", "code"], registry=registry)
        events = Counter(
            "gxy_ingest_events", "Events answered, by status and class of tenant.", ["tenant_class", "status"], registry=registry
        )
        self._requests = cache(lambda route, status: requests.labels(route, status))
        self._refused = cache(lambda route, code: refused.labels(route, code))
        self._events = cache(lambda tenant_class, status: events.labels(tenant_class, status))
        self._commit_seconds = Histogram(
            "gxy_ingest_commit_seconds", "Time of one write and fdatasync.", buckets=FSYNC_BUCKETS, registry=registry
        )
        self._group_size = Histogram(
            "gxy_ingest_commit_requests", "Requests that shared one fdatasync.", buckets=GROUP_BUCKETS, registry=registry
        )
        self._written = Counter("gxy_ingest_spool_written_bytes", "Bytes made durable.", registry=registry)
        self._refusals = RefusalLog()
        self._host = CollectorRegistry()
        self._host.register(HostCollector(settings))

    def count_request(self, route: str, status: int) -> None:
        """One request was answered."""
        self._requests(route, status).inc()

    def count_refusal(self, route: str, code: str, status: int = 0) -> None:
        """One request was refused: counted, and now and then a line in the log."""
        self._refused(route, code).inc()
        self._refusals.note(route, code, status)

    def count_defect(self, route: str) -> None:
        """An exception that nobody expected is being raised: counted as 500, and a line says where it came from."""
        self.count_request(route, 500)
        logger.error("request_failed", exc_info=True, extra={"fields": {"route": route}})

    def count_events(self, results: Iterable[EventResult], grant: Grant | None = None) -> None:
        """The events of one answered request."""
        tenant_class = class_of(grant.policy) if grant else "default"
        counts: dict[str, int] = {}
        for result in results:
            counts[result.status] = counts.get(result.status, 0) + 1
        for status, number in counts.items():
            self._events(tenant_class, status).inc(number)

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


def class_of(policy: IngestPolicy) -> str:
    """Which label a tenant's events are counted under: by its own quota, so that there are four however many tenants come."""
    allowed = policy.events_per_second
    if not allowed:
        return "default"
    return next((name for limit, name in CLASSES if allowed <= limit), "large")
