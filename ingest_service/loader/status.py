"""What the loader shows of itself: `<data_dir>/loader/status.json`, rewritten every second.

A file needs no port and tells the last known state also when the loader is dead. Rendering belongs to `metrics` and `commands`.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gxy_analytics.settings import Settings
from ingest_service.loader.slots import lag_bytes, quarantined, slots
from ingest_service.loader.state import LoaderState, count_up

if TYPE_CHECKING:
    from ingest_service.loader.prepare import Prepared
    from ingest_service.loader.sink import Sink

EVERY_SECONDS = 1.0
KEPT_ALARMS = 50
FILE_NAME = "status.json"


class SlotStatus(msgspec.Struct):
    """How far one slot is loaded. `lag_seconds` is how long its oldest unloaded record has been seen waiting, 0 for none."""

    segment: int
    offset: int
    lag_bytes: int
    lag_seconds: float


class LoaderStatus(msgspec.Struct):
    """One picture of the loader. Times are seconds since the epoch; totals count since the state was created."""

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
        self._alarms: deque[str] = deque(self._earlier_alarms(), maxlen=KEPT_ALARMS)
        self._behind_since: dict[str, float] = {}
        self._last_batch = ""
        self._last_batch_at: float | None = None

    def alarm(self, line: str) -> None:
        """Say it on stderr and keep it in the status."""
        sys.stderr.write(f"loader: ALARM {line}\n")
        self._alarms.append(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}")
        self._totals["alarms"] += 1
        self._due_at = 0.0

    def loaded(self, prepared: Prepared) -> None:
        """Count a committed batch."""
        self._totals.update(count_up(prepared.commit))
        self._last_batch = prepared.line.batch_id
        self._last_batch_at = time.time()

    def write(self, sink: Sink, *, force: bool = False) -> None:
        """Replace the file when it is older than EVERY_SECONDS."""
        if time.monotonic() < self._due_at and not force:
            return
        self._due_at = time.monotonic() + EVERY_SECONDS
        now = time.time()
        picture = LoaderStatus(
            pid=os.getpid(),
            started_at=self._started_at,
            updated_at=now,
            slots={slot.name: self._slot(slot, now) for slot in slots(self._settings.spool_dir)},
            totals=dict(self._totals),
            clickhouse_error=sink.error,
            clickhouse_down_since=sink.down_since,
            quarantined=[str(path) for path in quarantined(self._settings.spool_dir)],
            alarms=list(self._alarms),
            last_batch=self._last_batch,
            last_batch_at=self._last_batch_at,
        )
        temporary = self._path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(picture))
        temporary.rename(self._path)

    def _slot(self, slot: Path, now: float) -> SlotStatus:
        cursor = self._state.cursor(slot.name)
        behind = lag_bytes(slot, cursor)
        if not behind:
            self._behind_since.pop(slot.name, None)
        since = self._behind_since.setdefault(slot.name, now) if behind else now
        return SlotStatus(cursor.segment, cursor.offset, behind, round(now - since, 3))

    def _earlier_alarms(self) -> list[str]:
        earlier = read_status(self._settings.loader_dir)
        return earlier.alarms if earlier else []


def read_status(loader_dir: Path) -> LoaderStatus | None:
    """The last picture, None when no loader ever ran here."""
    try:
        return msgspec.json.decode((loader_dir / FILE_NAME).read_bytes(), type=LoaderStatus)
    except FileNotFoundError:
        return None
