"""The spool's directories as the loader walks them: segments in order, what lies ahead of a cursor, quarantine, retention.

Reading records belongs to `cut`; writing segments to `ingest_service.spool`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from ingest_service.loader.state import Cursor
from ingest_service.spool.mark import read_mark
from ingest_service.spool.reader import read_footer
from ingest_service.spool.segment import HEADER_BYTES, BadSegmentError, list_segments, segment_number

QUARANTINE = "quarantine"


def slots(spool_dir: Path) -> list[Path]:
    """Directories of all workers and nodes on this disk."""
    if not spool_dir.exists():
        return []
    return sorted(path for path in spool_dir.iterdir() if path.is_dir() and path.name != QUARANTINE)


def next_segment(slot: Path, cursor: Cursor) -> tuple[Path, int] | None:
    """Where reading goes on: (segment, offset), None when the slot holds nothing from the cursor on."""
    for path in list_segments(slot):
        number = segment_number(path)
        if number == cursor.segment:
            return path, cursor.offset
        if number > cursor.segment:
            return path, HEADER_BYTES
    return None


def set_aside(path: Path) -> Path:
    """Give a damaged segment a second name in the quarantine, where nothing deletes it. Returns that name."""
    target = quarantine_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        os.link(path, target)
    return target


def quarantine_path(path: Path) -> Path:
    """Where a segment is set aside: `<spool_dir>/quarantine/<slot>/<segment>`."""
    return path.parent.parent / QUARANTINE / path.parent.name / path.name


def leave(path: Path) -> None:
    """Take a segment that was set aside out of its slot: what could be read of it is loaded."""
    if quarantine_path(path).exists():
        path.unlink()


def quarantined(spool_dir: Path) -> list[Path]:
    """Segments that were moved aside."""
    return sorted((spool_dir / QUARANTINE).glob("*/*.seg"))


def delete_loaded(slot: Path, cursor: Cursor, retention_hours: float) -> list[Path]:
    """Delete the segments before the cursor's that were sealed longer than `retention_hours` ago; returns them."""
    limit = time.time() - retention_hours * 3600
    loaded = [path for path in list_segments(slot) if segment_number(path) < cursor.segment]
    old = [path for path in loaded if path.stat().st_mtime <= limit]
    for path in old:
        path.unlink()
    return old


def lag_bytes(slot: Path, cursor: Cursor) -> int:
    """Bytes of durable records from the cursor on."""
    mark = read_mark(slot)
    behind = 0
    for path in list_segments(slot):
        number = segment_number(path)
        if number < cursor.segment:
            continue
        start = cursor.offset if number == cursor.segment else 0
        behind += max(durable_end(path, mark)[0] - max(start, HEADER_BYTES), 0)
    return behind


def durable_end(path: Path, mark: tuple[int, int] | None) -> tuple[int, bool]:
    """Offset after the last durable record (by the footer, else by the slot's committed mark), and whether it is sealed."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        footer = read_footer(fd)
        size = os.fstat(fd).st_size
    except BadSegmentError:
        return HEADER_BYTES, True
    finally:
        os.close(fd)
    if footer:
        return footer.data_end, True
    if mark is None or mark[0] > segment_number(path):
        return size, False
    return (min(mark[1], size) if mark[0] == segment_number(path) else HEADER_BYTES), False
