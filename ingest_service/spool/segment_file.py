"""One segment file as its writer sees it: create, append durably, seal; and cutting one that a dead writer left.

Rotation and what to do about a failing disk belong to `writer`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import xxhash

from gxy_analytics.durable_files import sync_directory
from ingest_service.spool.reader import read_footer
from ingest_service.spool.record import decode_record
from ingest_service.spool.segment import (
    FOOTER_BYTES,
    FRAME_BYTES,
    HEADER_BYTES,
    Footer,
    Header,
    frame_end,
    frame_length,
    pack_footer,
    pack_header,
    segment_path,
    unpack_header,
)
from ingest_service.spool.spare import SpareFile, create_zeroed

Frame = tuple[int, bytes]  # received_ns of the record, its packed frame


class SegmentFile:
    """An open, unsealed segment. Every error of the disk is an OSError; after one the object must not be written again."""

    def __init__(self, path: Path, fd: int, header: Header, capacity: int) -> None:
        self.path = path
        self.header = header
        self.capacity = capacity
        self.end = HEADER_BYTES  # everything before it went through fdatasync
        self.count = 0
        self.first_ns = 0
        self.last_ns = 0
        self._fd = fd
        self._hash = xxhash.xxh3_64()

    @classmethod
    def create(cls, directory: Path, number: int, capacity: int, spare: SpareFile | None = None) -> SegmentFile:
        """Write the header into a zeroed file of another name (the spare, if there is one) and rename: none lacks its header."""
        path = segment_path(directory, number)
        temporary = path.with_suffix(".new")
        header = Header(number, secrets.token_bytes(8))
        fd = spare.take(capacity) if spare else -1
        if spare and fd >= 0:
            temporary = spare.path
        else:
            fd = create_zeroed(temporary, capacity)
        try:
            os.pwrite(fd, pack_header(header), 0)
            os.fsync(fd)
            temporary.rename(path)
            sync_directory(directory)
        except OSError:
            os.close(fd)
            temporary.unlink(missing_ok=True)
            raise
        return cls(path, fd, header, capacity)

    def room(self, stretch: int = 1) -> int:
        """Bytes left for frames, in a file of `stretch` times the capacity; the footer's place is kept free."""
        return self.capacity * stretch - FOOTER_BYTES - self.end

    def append(self, frames: Sequence[Frame]) -> None:
        """Write the frames at once and make them durable: on return a power cut does not lose them. Raises OSError."""
        blob = b"".join([frame for _, frame in frames])
        _write_all(self._fd, blob, self.end)
        os.fdatasync(self._fd)
        self._hash.update(blob)
        self.end += len(blob)
        self.count += len(frames)
        self.first_ns = self.first_ns or frames[0][0]
        self.last_ns = frames[-1][0]

    def seal(self) -> None:
        """Write the footer, give the rest of the preallocation back, and close (also after an OSError, which is raised)."""
        try:
            _seal(self._fd, self._footer())
        finally:
            self.close()

    def reseal(self) -> None:
        """Seal through a new descriptor at the last good fdatasync: a descriptor whose sync failed cannot be trusted."""
        fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            _seal(fd, self._footer())
        finally:
            os.close(fd)

    def close(self) -> None:
        """Close without sealing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _footer(self) -> Footer:
        return Footer(self.header.nonce, self.count, self.first_ns, self.last_ns, self.end, self._hash.intdigest())


def recover_segment(path: Path, durable: int = 0) -> bool:
    """Seal a segment that its writer left open, cut at the first bad frame; a sealed one is left alone.

    A bad frame before byte `durable` is not torn but damaged: nothing before it is cut, and the loader sets the segment aside.
    Memory is bounded by one record. Returns whether a torn record was cut. Raises OSError, BadSegmentError.
    """
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if read_footer(fd):
            return False
        nonce = unpack_header(os.pread(fd, HEADER_BYTES, 0)).nonce
        footer = _scan(fd, nonce)
        footer = footer._replace(data_end=max(footer.data_end, min(durable, os.fstat(fd).st_size)))
        torn = any(os.pread(fd, FRAME_BYTES, footer.data_end))
        _seal(fd, footer)
        return torn
    finally:
        os.close(fd)


def _scan(fd: int, nonce: bytes) -> Footer:
    """Footer for the whole frames at the front of the file."""
    digest, count, first_ns, last_ns, offset = xxhash.xxh3_64(), 0, 0, 0, HEADER_BYTES
    while True:
        head = os.pread(fd, FRAME_BYTES, offset)
        frame = os.pread(fd, frame_length(head, 0), offset) if any(head) else b""
        if not frame_end(frame, 0):
            return Footer(nonce, count, first_ns, last_ns, offset, digest.intdigest())
        last_ns = decode_record(frame[FRAME_BYTES:]).received_ns
        first_ns = first_ns or last_ns
        digest.update(frame)
        count += 1
        offset += len(frame)


def _seal(fd: int, footer: Footer) -> None:
    """Cut at the end of data, then append the footer: a crash between the two leaves an unsealed segment with every record."""
    os.ftruncate(fd, footer.data_end)
    os.fsync(fd)
    _write_all(fd, pack_footer(footer), footer.data_end)
    os.fsync(fd)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    written = os.pwrite(fd, data, offset)
    while written < len(data):
        written += os.pwrite(fd, data[written:], offset + written)
