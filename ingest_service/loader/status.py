"""What the loader shows of itself: `<data_dir>/loader/status.json`, rewritten every second.

A file needs no port and tells the last known state also when the loader is dead. Rendering belongs to `metrics` and `commands`.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Mapping, Sized
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gxy_analytics.settings import Settings
from ingest_service.loader.slots import lag_bytes, quarantined, slots
from ingest_service.loader.state import TENANT, LoaderState, count_up
from ingest_service.loader.tallies import Tallies
from ingest_service.processes import ProcessLook, look_at_process

if TYPE_CHECKING:
    from ingest_service.loader.prepare import Prepared
    from ingest_service.loader.sink import Sink

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
KEPT_ALARMS = 50
KEPT_TENANTS = 100  # with the most events; those whose ledger does not balance are always named
OUTCOMES = ("inserted", "deduplicated", "rejected", "dropped")
FILE_NAME = "status.json"


class SlotStatus(msgspec.Struct):
    """How far one slot is loaded. `lag_seconds` is how long its oldest unloaded record has been seen waiting, 0 for none."""

    segment: int
    offset: int
    lag_bytes: int
    lag_seconds: float


class LoaderStatus(msgspec.Struct):
    """One picture of the loader. Times are seconds since the epoch; totals count since the state was created.

    `restarts` are the starts after an end that was not orderly (killed, crashed); `ended` is true after an orderly one.
    """

    pid: int
    started_at: float
    updated_at: float
    slots: dict[str, SlotStatus]
    totals: dict[str, int]
    clickhouse_error: str | None
    clickhouse_down_since: float | None
    quarantined: list[str]
    alarms: list[str]
    last_batch: str
    last_batch_at: float | None
    restarts: int = 0
    ended: bool = False
    tallies: Tallies = msgspec.field(default_factory=Tallies)
    tenants: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)  # tenant -> outcome -> events
    tenants_left_out: int = 0
    process: ProcessLook | None = None
    caches: dict[str, int] = msgspec.field(default_factory=dict)  # answers that each cache of the enrichment holds

    @property
    def lag_bytes(self) -> int:
        return sum(slot.lag_bytes for slot in self.slots.values())

    @property
    def lag_seconds(self) -> float:
        return max((slot.lag_seconds for slot in self.slots.values()), default=0.0)


class StatusFile:
    """Collects the picture and writes it."""

    def __init__(self, settings: Settings, state: LoaderState) -> None:
        self._settings = settings
        self._state = state
        self._path = settings.loader_dir / FILE_NAME
        self._started_at = time.time()
        self._due_at = 0.0
        self._totals: Counter[str] = state.totals()
        earlier = read_status(settings.loader_dir)
        self._alarms: deque[str] = deque(earlier.alarms if earlier else [], maxlen=KEPT_ALARMS)
        self._restarts = earlier.restarts + (not earlier.ended) if earlier else 0
        self._ended = False
        self._cannot_write = False
        self.caches: Mapping[str, Sized] = {}
        self.tallies = earlier.tallies if earlier else Tallies()
        self._behind_since: dict[str, float] = {}
        self._last_batch = ""
        self._last_batch_at: float | None = None

    def alarm(self, line: str) -> None:
        """Say it on stderr and keep it in the status."""
        logger.error("ALARM %s", line, extra={"event": "alarm", "fields": {"message": line}})
        self._alarms.append(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}")
        self._totals["alarms"] += 1
        self._due_at = 0.0

    def loaded(self, prepared: Prepared) -> None:
        """Count a committed batch."""
        self._totals.update(count_up(prepared.commit))
        self._last_batch = prepared.line.batch_id
        self._last_batch_at = time.time()
        if prepared.events is not None:
            self.tallies.batch_events.observe(prepared.events.num_rows)
            self.tallies.add_events(prepared.events)

    def end(self) -> None:
        """Say that what follows is an orderly end."""
        self._ended = True

    def write(self, sink: Sink, *, force: bool = False) -> None:
        """Replace the file when it is older than EVERY_SECONDS."""
        if time.monotonic() < self._due_at and not force:
            return
        self._due_at = time.monotonic() + EVERY_SECONDS
        self._replace(self._picture(sink, time.time()))

    def _picture(self, sink: Sink, now: float) -> LoaderStatus:
        tenants, left_out = tenants_of(self._totals)
        return LoaderStatus(
            pid=os.getpid(),
            started_at=self._started_at,
            updated_at=now,
            slots={slot.name: self._slot(slot, now) for slot in slots(self._settings.spool_dir)},
            totals={name: count for name, count in self._totals.items() if not name.startswith(TENANT)},
            clickhouse_error=sink.error,
            clickhouse_down_since=sink.down_since,
            quarantined=[str(path) for path in quarantined(self._settings.spool_dir)],
            alarms=list(self._alarms),
            last_batch=self._last_batch,
            last_batch_at=self._last_batch_at,
            restarts=self._restarts,
            ended=self._ended,
            tallies=self.tallies,
            tenants=tenants,
            tenants_left_out=left_out,
            process=look_at_process(os.getpid()),
            caches={name: len(cache) for name, cache in self.caches.items()},
        )

    def _replace(self, picture: LoaderStatus) -> None:
        """Write the file. A full disk costs the picture only: loading goes on as long as its own files can be written."""
        temporary = self._path.with_suffix(".new")
        try:
            temporary.write_bytes(msgspec.json.encode(picture))
            temporary.rename(self._path)
        except OSError as error:
            if not self._cannot_write:
                logger.error("status_not_written", extra={"fields": {"path": str(self._path), "reason": error.strerror}})
            self._cannot_write = True
        else:
            self._cannot_write = False

    def _slot(self, slot: Path, now: float) -> SlotStatus:
        cursor = self._state.cursor(slot.name)
        behind = lag_bytes(slot, cursor)
        if not behind:
            self._behind_since.pop(slot.name, None)
        since = self._behind_since.setdefault(slot.name, now) if behind else now
        return SlotStatus(cursor.segment, cursor.offset, behind, round(now - since, 3))


def tenants_of(totals: Counter[str]) -> tuple[dict[str, dict[str, int]], int]:
    """Outcomes by tenant, of the KEPT_TENANTS with the most events and of all that do not balance; how many are left out."""
    found: dict[str, dict[str, int]] = {}
    for name, count in totals.items():
        if name.startswith(TENANT):
            tenant_id, _, outcome = name.removeprefix(TENANT).rpartition(":")
            found.setdefault(tenant_id, {})[outcome] = count
    ranked = sorted(found, key=lambda tenant_id: -found[tenant_id].get("accepted", 0))
    kept = ranked[:KEPT_TENANTS] + [tenant_id for tenant_id in ranked[KEPT_TENANTS:] if imbalance(found[tenant_id])]
    return {tenant_id: found[tenant_id] for tenant_id in kept}, len(ranked) - len(kept)


def imbalance(outcomes: Mapping[str, int]) -> int:
    """Accepted events without an outcome; negative for outcomes without an event. 0 is right."""
    return outcomes.get("accepted", 0) - sum(outcomes.get(outcome, 0) for outcome in OUTCOMES)


def read_status(loader_dir: Path) -> LoaderStatus | None:
    """The last picture, None when no loader ever ran here."""
    try:
        return msgspec.json.decode((loader_dir / FILE_NAME).read_bytes(), type=LoaderStatus)
    except FileNotFoundError:
        return None
