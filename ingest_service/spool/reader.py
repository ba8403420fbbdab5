"""Reading a segment, live or sealed, in bounded memory. Where to go on reading, and deleting segments, belong to the loader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from ingest_service.spool.mark import read_mark
from ingest_service.spool.record import SpoolRecord, decode_record
from ingest_service.spool.segment import (
    FOOTER_BYTES,
    HEADER_BYTES,
    Footer,
    frame_end,
    frame_length,
    is_unwritten,
    segment_number,
    unpack_footer,
    unpack_header,
)

WINDOW_BYTES = 1 << 20


class SegmentEnd(Enum):
    """Why reading stopped."""

    SEALED = "sealed"  # every record was read and none will follow
    LIVE = "live"  # every durable record was read, more may follow: read on later from `offset`
    TORN = "torn"  # unsealed, and no whole record follows: its writer died; the next owner of the slot cuts here and seals
    CORRUPT = "corrupt"  # sealed, yet a record fails its checksum: the disk lost it. Quarantine and raise an alarm


class SegmentReader:
    """Iterates `(offset, next_offset, record)` from a byte offset (0 = the beginning) to the last durable record.

    After the iteration `end` says why it stopped and `offset` where. A live segment is read only up to its `committed` mark,
    so a record that is not yet on disk is never seen; `durable` is an offset that the caller knows to be, should the mark lag.
    Raises BadSegmentError for a file that is no segment, FileNotFoundError.
    """

    def __init__(self, path: Path, offset: int = 0, durable: int = 0) -> None:
        self.path = path
        self._durable = durable
        self.offset = max(offset, HEADER_BYTES)
        self.end: SegmentEnd | None = None
        self.footer: Footer | None = None

    def __iter__(self) -> Iterator[tuple[int, int, SpoolRecord]]:
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            limit = self._limit(fd)
            yield from self._records(fd, limit)
            self.end = self._why(fd, limit)
        finally:
            os.close(fd)

    def _limit(self, fd: int) -> int:
        """Offset that no readable frame reaches beyond."""
        self.footer = read_footer(fd)
        if self.footer:
            return self.footer.data_end
        mark = read_mark(self.path.parent)
        number = segment_number(self.path)
        size = os.fstat(fd).st_size
        if mark is None:
            return size
        if mark[0] > number:  # sealed since we looked, or left by a failing disk: look again, else trust the checksums
            self.footer = read_footer(fd)
            return self.footer.data_end if self.footer else size
        return min(max(mark[1] if mark[0] == number else HEADER_BYTES, self._durable), size)

    def _records(self, fd: int, limit: int) -> Iterator[tuple[int, int, SpoolRecord]]:
        want = WINDOW_BYTES
        while self.offset < limit:
            base = self.offset
            window = memoryview(os.pread(fd, min(want, limit - base), base))
            position = 0
            while end := frame_end(window, position):
                record = decode_record(window[position + 8 : end])
                self.offset = base + end
                yield base + position, base + end, record
                position = end
            if self.offset > base:
                want = WINDOW_BYTES
                continue
            if not len(window) < frame_length(window, 0) <= limit - base:
                return  # not a frame that is merely longer than the window
            want = frame_length(window, 0)

    def _why(self, fd: int, limit: int) -> SegmentEnd:
        if self.footer:
            return SegmentEnd.SEALED if self.offset == limit else SegmentEnd.CORRUPT
        if self.offset >= limit or is_unwritten(os.pread(fd, 8, self.offset), 0):
            return SegmentEnd.LIVE
        return SegmentEnd.TORN


def read_footer(fd: int) -> Footer | None:
    """Footer of an open segment, None while it is not sealed. Raises BadSegmentError."""
    header = unpack_header(os.pread(fd, HEADER_BYTES, 0))
    size = os.fstat(fd).st_size
    footer = unpack_footer(os.pread(fd, FOOTER_BYTES, max(size - FOOTER_BYTES, 0)), header.nonce)
    return footer if footer and footer.data_end == size - FOOTER_BYTES else None


def read_records(path: Path, offset: int = 0, durable: int = 0) -> SegmentReader:
    """Records of the segment at `path` from byte `offset` on; ask the returned reader for its `end` afterwards."""
    return SegmentReader(path, offset, durable)
