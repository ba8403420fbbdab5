"""Appending to a slot of the spool, blocking: slot ownership, rotation, recovery, and what happens when the disk fails.

Sharing one fdatasync among waiting requests belongs to `group_commit`; the format belongs to `segment`.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from gxy_analytics.durable_files import make_directory
from gxy_analytics.errors import GxyError
from ingest_service.spool.mark import CommittedMark, read_mark
from ingest_service.spool.record import SpoolRecord, encode_record
from ingest_service.spool.rotation import asked_to_seal
from ingest_service.spool.segment import (
    FOOTER_BYTES,
    HEADER_BYTES,
    SEGMENT_BYTES,
    BadSegmentError,
    list_segments,
    pack_frame,
    segment_number,
)
from ingest_service.spool.segment_file import Frame, SegmentFile, recover_segment
from ingest_service.spool.spare import SpareFile

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0  # a failing disk is asked at most once in this time
SPARE_FROM = 8  # the next file is begun when an eighth of this one is full
STRETCH = 2  # and while it is not ready this one grows, to twice its size at most


class SpoolUnavailableError(GxyError):
    """The spool cannot make anything durable now; the caller answers 503 and the client retries."""


class SlotTakenError(GxyError):
    """Another process owns this slot of the spool."""


class Spool:
    """One slot, owned by this process from construction to `close`. Not thread-safe: one thread appends.

    Construction recovers what a dead owner left (cut, seal) and opens a new segment; a full disk only makes it unavailable.
    Raises SlotTakenError, and OSError when the directory cannot be used at all.
    """

    def __init__(self, directory: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        make_directory(directory)
        self.directory = directory
        self._segment_bytes = segment_bytes
        self._lock = _take_lock(directory)
        self._mark = CommittedMark(directory)
        self._segment: SegmentFile | None = None
        self._broken: SegmentFile | None = None  # failed a sync: to be sealed through a new descriptor first
        self._retry_at = 0.0
        self._spare = SpareFile(directory / "spare.new", segment_bytes)
        recover_slot(directory)
        self._number = max([self._mark.segment, *map(segment_number, list_segments(directory))])
        try:
            self._open_segment()
        except OSError as error:
            logger.error("%s", self._fail(error))

    @property
    def name(self) -> str:
        """`<node>-<slot>`."""
        return self.directory.name

    @property
    def is_writable(self) -> bool:
        """Whether the last thing the disk was asked for worked."""
        return self._segment is not None

    def append(self, frames: Sequence[Frame]) -> None:
        """Make the frames durable, in order, over as many segments as they need.

        Raises SpoolUnavailableError: then none of them counts as accepted.
        """
        try:
            self._ensure_segment()
            for group in self._groups(frames):
                segment = self._segment_for(group)
                segment.append(group)
                self._mark.set(self._number, segment.end)
                if segment.end > segment.capacity // SPARE_FROM:
                    self._spare.prepare()
        except OSError as error:
            raise self._fail(error) from error

    def seal_if_asked(self) -> None:
        """Seal the live segment when somebody asked for it and it holds a record; the next one is made ahead, in a thread."""
        segment = self._segment
        try:
            if segment is None or not segment.count or asked_to_seal(self.directory) < self._number:
                return
            self._spare.prepare()
            if self._spare.is_filling:
                return  # asked again soon: requests do not wait for the new file
            self._seal(segment)
            self._open_segment()
        except OSError as error:
            logger.error("%s", self._fail(error))

    def close(self) -> None:
        """Seal the live segment and give the slot up. Raises OSError when the seal failed: recovery does it later."""
        try:
            if self._segment:
                self._segment.seal()
        finally:
            self._segment = None
            self._spare.discard()
            self._mark.close()
            os.close(self._lock)

    def _groups(self, frames: Sequence[Frame]) -> Iterator[list[Frame]]:
        """Cut `frames` so that each group fits one segment."""
        room = self._segment.room() if self._segment else 0
        group: list[Frame] = []
        for frame in frames:
            if len(frame[1]) > room and group:
                yield group
                group = []
            if len(frame[1]) > room:
                room = self._segment_bytes - HEADER_BYTES - FOOTER_BYTES
            group.append(frame)
            room -= len(frame[1])
        if group:
            yield group

    def _segment_for(self, group: list[Frame]) -> SegmentFile:
        """The live segment, or a new one when the group does not fit; large enough for it.

        A full segment grows past its zeros rather than let every request wait for the next file: beside a busy loader making
        that takes 1.3 to 2.8 s, and under 50 MB/s half the rotations waited for it, 60 to 490 ms.
        """
        size = sum(len(frame) for _, frame in group)
        segment = self._segment
        if segment and size <= segment.room(STRETCH if self._spare.is_filling else 1):
            return segment
        if segment:
            self._seal(segment)
        return self._open_segment(size)

    def _seal(self, segment: SegmentFile) -> None:
        self._segment = None
        self._broken = segment
        segment.seal()
        self._broken = None

    def _ensure_segment(self) -> None:
        """After a failure: seal what is left of it and open a new segment, at most once in RETRY_SECONDS."""
        if self._segment:
            return
        if time.monotonic() < self._retry_at:
            raise SpoolUnavailableError("the spool's disk failed a moment ago: retry later.")
        if self._broken:
            self._broken.reseal()
            self._broken = None
        self._open_segment()

    def _open_segment(self, at_least: int = 0) -> SegmentFile:
        capacity = max(self._segment_bytes, at_least + HEADER_BYTES + FOOTER_BYTES)
        self._segment = SegmentFile.create(self.directory, self._number + 1, capacity, self._spare)
        self._number += 1
        self._mark.set(self._number, HEADER_BYTES)
        self._mark.sync()
        return self._segment

    def _fail(self, error: OSError) -> SpoolUnavailableError:
        """Fail-stop: the segment is never written or synced again through this descriptor."""
        if self._segment:
            self._segment.close()
            self._broken, self._segment = self._segment, None
        self._retry_at = time.monotonic() + RETRY_SECONDS
        return SpoolUnavailableError(
            f"the spool in {self.directory} cannot be written ({error.strerror}): free or mend its disk."
        )


def make_frame(record: SpoolRecord) -> Frame:
    """The record, packed for `Spool.append`. Raises ValueError when it is larger than a frame may be."""
    return record.received_ns, pack_frame(encode_record(record))


def take_slot(spool_dir: Path, node: str, *, segment_bytes: int = SEGMENT_BYTES) -> Spool:
    """Own the first free slot `<spool_dir>/<node>-<n>`, recovered and open. Raises OSError."""
    for slot in count():
        try:
            return Spool(spool_dir / f"{node}-{slot}", segment_bytes=segment_bytes)
        except SlotTakenError:
            continue
    raise AssertionError("count() does not end")


def recover_spool(spool_dir: Path) -> None:
    """Cut and seal in every slot that no process owns, so that one that nobody takes again is still loaded to its end."""
    for directory in sorted(path.parent for path in spool_dir.glob("*/lock")):
        try:
            lock = _take_lock(directory)
        except SlotTakenError:
            continue
        try:
            recover_slot(directory)
        finally:
            os.close(lock)


def recover_slot(directory: Path) -> int:
    """Seal every unsealed segment of a slot whose lock the caller holds; returns how many had a torn record.

    A file whose header is damaged stays as it is: the loader quarantines it, and it must not keep a worker from starting.
    """
    for unfinished in directory.glob("*.new"):
        unfinished.unlink()
    live, durable = read_mark(directory) or (0, 0)
    torn = 0
    for path in list_segments(directory):
        with suppress(BadSegmentError):
            torn += recover_segment(path, durable if segment_number(path) == live else 0)
    return torn


def _take_lock(directory: Path) -> int:
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise SlotTakenError(f"{directory} is owned by another ingest worker.") from error
    return lock
