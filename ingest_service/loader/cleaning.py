"""Clearing the spool of what was received up to an instant: loaded segments go at once, live ones are sealed first.

From which instant is decided in `suppression_list`; segments that are merely old belong to `slots`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest_service.loader.slots import durable_end, quarantined, slots
from ingest_service.loader.state import Cursor
from ingest_service.loader.suppression_list import SuppressionList
from ingest_service.spool.mark import read_mark
from ingest_service.spool.reader import read_footer, read_records
from ingest_service.spool.rotation import ask_to_seal
from ingest_service.spool.segment import BadSegmentError, list_segments, segment_number
from ingest_service.spool.writer import recover_spool

EVERY_SECONDS = 1.0
NS_A_MS = 1_000_000
NEVER = 2**63  # later than any record
# Requests that end at the same moment are written in any order, so a segment's first record is not quite its oldest.
DISORDER_NS = 1_000_000_000


class SpoolCleaning:
    """Clears the spool for the requests that are acknowledged and not yet clean, and says so when it is done.

    `alarm` hears of each damaged segment in the quarantine that stands in the way: nobody but an operator deletes those.
    """

    def __init__(self, spool_dir: Path, suppressed: SuppressionList, alarm: Callable[[str], None]) -> None:
        self._spool_dir = spool_dir
        self._suppressed = suppressed
        self._alarm = alarm
        self._told: set[Path] = set()
        self._due_at = 0.0

    def work(self, cursor_of: Callable[[Path], Cursor]) -> None:
        """Do what can be done now. `cursor_of` says how far a slot is loaded."""
        if time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + EVERY_SECONDS
        bounds = {request_id: (until_ms + 1) * NS_A_MS - 1 for request_id, until_ms in self._suppressed.uncleaned.items()}
        if not bounds:
            return
        held = clear(self._spool_dir, cursor_of, max(bounds.values()))
        self._suppressed.cleaned(one for one, bound in bounds.items() if all(bound < segment.oldest_ns for segment in held))
        for segment in held:
            if segment.is_quarantined and segment.oldest_ns <= max(bounds.values()) and segment.path not in self._told:
                self._told.add(segment.path)
                self._alarm(f"{segment.path} may hold what a person asked to have erased: take what you need of it and delete it")


@dataclass(frozen=True)
class Held:
    """A segment that stays for now, and when its oldest record was received, ns since the epoch."""

    path: Path
    oldest_ns: int
    is_quarantined: bool = False


def clear(spool_dir: Path, cursor_of: Callable[[Path], Cursor], until_ns: int) -> list[Held]:
    """Delete loaded segments with records received up to `until_ns`; returns what other segments hold, oldest records first.

    `cursor_of` says how far a slot is loaded. A live segment of that time is asked to be sealed, one without a writer is sealed.
    """
    held = [Held(path, oldest_ns(path), is_quarantined=True) for path in quarantined(spool_dir)]
    is_orphaned = False
    for slot in slots(spool_dir):
        for path, oldest in _old_segments(slot, until_ns):
            cursor, (end, is_sealed) = cursor_of(slot), durable_end(path, read_mark(slot))
            number = segment_number(path)
            if number < cursor.segment or (number == cursor.segment and is_sealed and cursor.offset >= end):
                path.unlink()
                continue
            held.append(Held(path, oldest))
            if not is_sealed:
                ask_to_seal(slot, number)
                is_orphaned = True
    if is_orphaned:
        recover_spool(spool_dir)
    return sorted(held, key=lambda one: one.oldest_ns)


def oldest_ns(path: Path) -> int:
    """When the oldest record of a segment was received, about; NEVER for one without records, 0 where that cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            footer = read_footer(fd)
        finally:
            os.close(fd)
        if footer:
            return footer.first_ns - DISORDER_NS if footer.records else NEVER
        for _, _, record in read_records(path):
            return record.received_ns - DISORDER_NS
    except BadSegmentError:
        return 0
    return NEVER


def _old_segments(slot: Path, until_ns: int) -> Iterator[tuple[Path, int]]:
    for path in list_segments(slot):
        oldest = oldest_ns(path)
        if oldest <= until_ns:
            yield path, oldest
