"""What lies in the spool and what of it waits, measured from its files: right also while the loader is dead.

Bytes and ages only; showing them belongs to `host_metrics` and `status_view`.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from gxy_analytics.settings import Settings
from ingest_service.backpressure import SpoolFill
from ingest_service.loader.slots import lag_bytes, next_segment, slots
from ingest_service.loader.state import Cursor
from ingest_service.loader.status import LoaderStatus
from ingest_service.spool.reader import read_records
from ingest_service.spool.segment import BadSegmentError, list_segments


class SlotLook(msgspec.Struct):
    """One slot. `oldest_seconds` is the age of its oldest record that is not loaded, by receipt; 0 for none."""

    name: str
    segments: int
    disk_bytes: int
    unloaded_bytes: int
    oldest_seconds: float


class SpoolLook(msgspec.Struct):
    """All slots, and the disk that they are on, in bytes."""

    slots: list[SlotLook]
    free_bytes: int
    size_bytes: int
    fill: float  # 0 to 1, as `backpressure` has it

    @property
    def segments(self) -> int:
        return sum(slot.segments for slot in self.slots)

    @property
    def disk_bytes(self) -> int:
        return sum(slot.disk_bytes for slot in self.slots)

    @property
    def unloaded_bytes(self) -> int:
        return sum(slot.unloaded_bytes for slot in self.slots)

    @property
    def oldest_seconds(self) -> float:
        return max((slot.oldest_seconds for slot in self.slots), default=0.0)


def look_at_spool(settings: Settings, status: LoaderStatus | None) -> SpoolLook:
    """The spool as it is now. `status` says how far each slot is loaded; without one nothing is."""
    known = status.slots if status else {}
    cursors = {name: Cursor(slot.segment, slot.offset) for name, slot in known.items()}
    root = settings.spool_dir if settings.spool_dir.exists() else settings.data_dir
    disk = shutil.disk_usage(root if root.exists() else Path.cwd())
    found = [_look(slot, cursors.get(slot.name, Cursor(0, 0))) for slot in slots(settings.spool_dir)]
    return SpoolLook(found, disk.free, disk.total, SpoolFill(settings).measure())


def _look(slot: Path, cursor: Cursor) -> SlotLook:
    sizes = []
    for path in list_segments(slot):
        with suppress(FileNotFoundError):  # the loader deletes what it has loaded
            sizes.append(path.stat().st_blocks * 512)
    behind, oldest = 0, 0.0
    with suppress(FileNotFoundError):
        behind = lag_bytes(slot, cursor)
        oldest = _oldest_seconds(slot, cursor) if behind else 0.0
    return SlotLook(slot.name, len(sizes), sum(sizes), behind, oldest)


def _oldest_seconds(slot: Path, cursor: Cursor) -> float:
    """Age of the first record from the cursor on; 0 when none is whole there."""
    while found := next_segment(slot, cursor):
        path, offset = found
        with suppress(BadSegmentError):
            for _, _, record in read_records(path, offset):
                return max(time.time() - record.received_ns / 1e9, 0.0)
        cursor = Cursor(int(path.stem) + 1, 0)
    return 0.0
