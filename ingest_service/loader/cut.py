"""Cutting batches off the spool: which records of which segment belong to the next one. Nothing of what they say is read here.

A batch never spans two segments: its token names one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from ingest_service.spool.reader import SegmentEnd, read_records
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.segment import HEADER_BYTES

# Events a batch: 15,000 took 14 µs of CPU each and 300 MiB, 50,000 took 18 µs (their objects outgrow the caches) and 500 MiB.
MAX_EVENTS = 20_000
MAX_BYTES = 12 << 20  # of bodies: keeps the loader's memory bounded when events are large
MAX_AGE_SECONDS = 1.0  # a quiet spool is loaded this often: about one part a second and table
EVENT_MARK = b'"event_id"'  # of native bodies, where the door did not say
EVENTS_NOTE = "gxy-events"  # of a record with more than one event: their number, from the door


@dataclass(slots=True)
class Cut:
    """Consecutive records of one segment, and why reading stopped (None: at a limit, more follows at once)."""

    slot: str
    segment: int
    start: int
    end: int
    records: list[tuple[int, SpoolRecord]] = field(default_factory=list)
    reached: SegmentEnd | None = None

    @property
    def first(self) -> int:
        return self.records[0][0]

    @property
    def last(self) -> int:
        return self.records[-1][0]

    @property
    def oldest_ns(self) -> int:
        """received_ns of the first record, 0 without one."""
        return self.records[0][1].received_ns if self.records else 0

    def is_due(self, now_ns: int) -> bool:
        """Whether waiting for more records is over. The spool's bound is the age of its oldest record."""
        if not self.records:
            return False
        return self.reached is not SegmentEnd.LIVE or now_ns - self.oldest_ns >= MAX_AGE_SECONDS * 1e9


def cut(path: Path, slot: str, offset: int, until: int | None = None) -> Cut:
    """Read records of the segment at `path` from `offset`: to the limits, or exactly to `until` (a batch that is run again).

    A batch was cut of durable records only, so `until` holds also where the mark lags behind it after a power cut.
    """
    reader = read_records(path, offset, durable=until or 0)
    found = Cut(slot, int(path.stem), max(offset, HEADER_BYTES), max(offset, HEADER_BYTES))
    events = size = 0
    for at, following, record in reader:
        found.records.append((at, record))
        found.end = following
        size += len(record.body)
        events += events_in(record)
        if found.end == until or (until is None and (events >= MAX_EVENTS or size >= MAX_BYTES)):
            return found
    found.reached = reader.end
    return found


def events_in(record: SpoolRecord) -> int:
    """About how many events the record holds. The note of a replayed one is that of the body which the letter came from."""
    told = record.headers.get(EVENTS_NOTE)
    if told and not record.has(RecordFlags.REPLAYED):
        return int(told)
    return max(record.body.count(EVENT_MARK), 1)


def now_ns() -> int:
    """The clock that received_ns comes from."""
    return time.time_ns()
