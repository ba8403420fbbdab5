"""One picture of the write path on this host: what the door, the spool and the loader say of themselves, and what is wrong.

Read from files and /proc; the door's counters only while /metrics answers. Drawing it belongs to `status_view`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings
from gxy_analytics.stack_file import Deaths, stack_deaths
from ingest_service.backpressure import HIGH_WATERMARK, LOW_WATERMARK
from ingest_service.loader.status import LoaderStatus, imbalance, read_status
from ingest_service.processes import ProcessLook, look_at_process
from ingest_service.spool_look import SpoolLook, look_at_spool
from ingest_service.workers import Workers, read_workers

STALE_SECONDS = 10.0
LATE_SECONDS = 60.0
SETTLED_SECONDS = 600.0  # a loader that died and then ran this long is no problem any more
SCRAPE_SECONDS = 1.0
DOOR = {"gxy_ingest_requests_total": "status", "gxy_ingest_refused_total": "code", "gxy_ingest_events_total": "status"}
SHOWN_ALARMS = SHOWN_NAMES = 5


class NoCollectorError(GxyError):
    """Neither the ingest service nor its loader ever ran on this data directory."""


class Problem(msgspec.Struct):
    """What a person should look at, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


class Picture(msgspec.Struct):
    """The write path at one instant. `door` has sums by label of the DOOR metrics, None while nobody answers there."""

    at: float
    data_dir: str
    workers: Workers | None
    processes: list[ProcessLook]
    spool: SpoolLook
    loader: LoaderStatus | None
    deaths: dict[str, Deaths]
    door: dict[str, dict[str, float]] | None
    problems: list[Problem]

    @property
    def service_runs(self) -> bool:
        """Whether the parent of the workers lives."""
        return self.workers is not None and any(process.pid == self.workers.pid for process in self.processes)


def take_picture(settings: Settings) -> Picture:
    """Look at everything. Raises NoCollectorError."""
    status, workers = read_status(settings.loader_dir), read_workers(settings)
    if status is None and workers is None and not settings.spool_dir.exists():
        raise NoCollectorError(
            "Nothing was ever collected in this data directory: start the stack with `gxy up`, or set GXY_DATA_DIR."
        )
    pids = [workers.pid, *workers.workers] if workers else []
    picture = Picture(
        at=time.time(),
        data_dir=str(settings.data_dir),
        workers=workers,
        processes=[look for pid in pids if (look := look_at_process(pid))],
        spool=look_at_spool(settings, status),
        loader=status,
        deaths=stack_deaths(settings.data_dir),
        door=scrape(workers.url) if workers and _lives(workers) else None,
        problems=[],
    )
    picture.problems = [*service_problems(picture), *spool_problems(picture.spool), *loader_problems(picture)]
    return picture


def scrape(url: str) -> dict[str, dict[str, float]] | None:
    """Sums of the DOOR metrics by their label, None when /metrics does not answer within SCRAPE_SECONDS."""
    try:
        with urlopen(f"{url}/metrics", timeout=SCRAPE_SECONDS) as response:  # noqa: S310
            text = response.read().decode()
    except (URLError, OSError):
        return None
    sums: dict[str, dict[str, float]] = {name: {} for name in DOOR}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            label = DOOR.get(sample.name)
            if label:
                group, name = sums[sample.name], sample.labels[label]
                group[name] = group.get(name, 0.0) + sample.value
    return sums


def service_problems(picture: Picture) -> Iterator[Problem]:
    """The door's processes."""
    workers = picture.workers
    if workers is None or not workers.workers:
        return
    if not picture.service_runs:
        yield Problem("the ingest service died without a goodbye", "start it; nothing that was answered is lost")
        return
    living = len(picture.processes) - 1
    if living < workers.wanted:
        yield Problem(f"{living} of {workers.wanted} workers run", "the parent replaces them; see why in the service's log")
    if picture.door is None:
        yield Problem(f"the service does not answer {workers.url}/metrics", "see its log; it may be too busy, or stop")


def spool_problems(spool: SpoolLook) -> Iterator[Problem]:
    """The disk, and what waits on it."""
    if spool.fill >= HIGH_WATERMARK:
        yield Problem(f"the spool is full ({spool.fill:.0%}): everybody gets 503", "free its disk, or mend what keeps the loader")
    elif spool.fill >= LOW_WATERMARK:
        yield Problem(
            f"the spool fills up ({spool.fill:.0%}): busy tenants get 429", "free its disk, or mend what keeps the loader"
        )
    if spool.oldest_seconds > LATE_SECONDS:
        yield Problem(f"events have been waiting for {spool.oldest_seconds:,.0f} s", "they are safe; the loader's state says why")


def loader_problems(picture: Picture) -> Iterator[Problem]:
    """The loader, its ClickHouse, its ledger, what it set aside."""
    died, status = picture.deaths.get("loader"), picture.loader
    if died and (
        status is None or picture.at - status.started_at < SETTLED_SECONDS or picture.at - status.updated_at > STALE_SECONDS
    ):
        yield Problem(f"the loader died {times(died.count)} since `gxy up`, last: {died.how}", f"read {died.log}")
    if status is None:
        yield Problem("no loader ever ran here", "start `python -m ingest_service.loader`: events wait in the spool")
        return
    silent = picture.at - status.updated_at
    if status.ended and picture.service_runs:
        yield Problem("the loader was stopped", "start it again: events wait in the spool")
    elif not status.ended and silent > STALE_SECONDS:
        yield Problem(f"the loader has not reported for {silent:,.0f} s", "it hangs or does not run: see its log, start it again")
    if status.clickhouse_error:
        yield Problem(f"ClickHouse does not take inserts: {status.clickhouse_error}", "events wait in the spool until it does")
    unbalanced = [tenant for tenant, outcomes in status.tenants.items() if imbalance(outcomes)]
    if unbalanced or status.totals.get("unbalanced"):
        rows = status.totals.get("unbalanced", 0)
        yield Problem(
            f"{rows} ledger rows do not balance ({', '.join(unbalanced[:SHOWN_NAMES]) or 'tenants not known'})",
            "report it: compare governance.ingest_ledger with raw.events by batch",
        )
    for path in status.quarantined:
        yield Problem(f"damaged segment set aside: {path}", "what can be read of it is loaded; keep it until the disk is checked")
    for alarm in status.alarms[-SHOWN_ALARMS:]:
        yield Problem(f"alarm {alarm}", "see docs/how-to/operate-the-collector.md")


def times(count: int) -> str:
    """How often, in words."""
    return "once" if count == 1 else f"{count:,} times" if count else "never"


def _lives(workers: Workers) -> bool:
    return os.path.exists(f"/proc/{workers.pid}")  # noqa: PTH110
