"""Prometheus metrics of the host, measured when asked: spool, disk, processes.

What a worker counts is in `metrics`, what the loader counts in `loader.metrics`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gxy_analytics.settings import Settings
from gxy_analytics.stack_file import stack_deaths
from ingest_service.loader.metrics import families
from ingest_service.loader.status import LoaderStatus, read_status
from ingest_service.processes import ProcessLook, look_at_process
from ingest_service.spool_look import SpoolLook, look_at_spool
from ingest_service.workers import Workers, read_workers


class HostCollector(Collector):
    """Reads the files and processes of the write path on this host. Any worker may be asked; all give the same answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def describe(self) -> Iterator[Metric]:
        """Nothing ahead: the names are not known before the files are read."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        status = read_status(self._settings.loader_dir)
        yield from spool_families(look_at_spool(self._settings, status))
        workers = read_workers(self._settings)
        yield from worker_families(workers)
        yield from process_families(processes(workers, status))
        yield death_family(self._settings)
        if status is not None:
            yield from families(status, by_tenant=self._settings.metrics_tenants)


def spool_families(look: SpoolLook) -> Iterator[Metric]:
    """The spool and its disk."""
    yield GaugeMetricFamily("gxy_ingest_spool_bytes", "Bytes on disk in the spools of this host.", value=look.disk_bytes)
    yield GaugeMetricFamily(
        "gxy_ingest_spool_segments", "Segment files in the spools, loaded ones included.", value=look.segments
    )
    yield GaugeMetricFamily(
        "gxy_ingest_spool_unloaded_bytes", "Durable bytes that are not in ClickHouse yet.", value=look.unloaded_bytes
    )
    yield GaugeMetricFamily(
        "gxy_ingest_spool_oldest_unloaded_seconds",
        "Age of the oldest record that is not in ClickHouse yet, 0 for none.",
        value=look.oldest_seconds,
    )
    yield GaugeMetricFamily(
        "gxy_ingest_spool_fill_ratio", "What the spools take of what they may; from 0.7 on tenants are refused.", value=look.fill
    )
    yield GaugeMetricFamily("gxy_ingest_spool_disk_free_bytes", "Free bytes of the spool's disk.", value=look.free_bytes)
    yield GaugeMetricFamily("gxy_ingest_spool_disk_size_bytes", "Size of the spool's disk.", value=look.size_bytes)


def worker_families(workers: Workers | None) -> Iterator[Metric]:
    """How many workers run, and how many should."""
    if workers is None:
        return
    yield GaugeMetricFamily("gxy_ingest_workers", "Workers that run.", value=len(workers.workers))
    yield GaugeMetricFamily("gxy_ingest_workers_wanted", "Workers that should run (GXY_INGEST_WORKERS).", value=workers.wanted)
    yield CounterMetricFamily(
        "gxy_ingest_worker_restarts", "Workers that died and were replaced, since the service started.", value=workers.ended
    )


def death_family(settings: Settings) -> Metric:
    """What the stack (`gxy up`) had to restart, also what cannot start any more and so reports nothing itself."""
    family = CounterMetricFamily(
        "gxy_stack_process_deaths",
        "Deaths of a process of the stack since `gxy up`; each is followed by a restart.",
        labels=["process"],
    )
    for name, deaths in stack_deaths(settings.data_dir).items():
        family.add_metric([name], deaths.count)
    return family


def processes(workers: Workers | None, status: LoaderStatus | None) -> Iterator[tuple[str, ProcessLook]]:
    """Role and look of every process of the write path. The loader's are its own words: it may run in another container."""
    if workers is None:
        found = look_at_process(os.getpid())
        yield from [("worker", found)] if found else []
    else:
        for role, pid in [("parent", workers.pid), *(("worker", pid) for pid in workers.workers)]:
            found = look_at_process(pid)
            if found:
                yield role, found
    if status is not None and status.process is not None and not status.ended:
        yield "loader", status.process


def process_families(found: Iterator[tuple[str, ProcessLook]]) -> Iterator[Metric]:
    """Memory, processor time, descriptors. A series a living process: `pid` changes only with a restart."""
    labels = ["role", "pid"]
    memory = GaugeMetricFamily("gxy_process_resident_memory_bytes", "Resident memory.", labels=labels)
    cpu = CounterMetricFamily("gxy_process_cpu_seconds", "Processor time, user and system.", labels=labels)
    files = GaugeMetricFamily("gxy_process_open_fds", "Open file descriptors.", labels=labels)
    age = GaugeMetricFamily("gxy_process_uptime_seconds", "Time since the process started.", labels=labels)
    for role, look in found:
        names = [role, str(look.pid)]
        memory.add_metric(names, look.resident_bytes)
        cpu.add_metric(names, look.cpu_seconds)
        files.add_metric(names, look.open_files)
        age.add_metric(names, look.age_seconds)
    yield from (memory, cpu, files, age)
