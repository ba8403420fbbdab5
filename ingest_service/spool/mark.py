"""The `committed` mark of a slot: up to where its live segment went through fdatasync, for readers in other processes.

The mark is a memory-mapped word, synced only when a segment is opened: after a power cut it may lag, but it is never ahead.
So recovery looks for records behind it, and cuts none before it.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

FILE_NAME = "committed"
_OFFSET_BITS = 32


class CommittedMark:
    """Writer's side: one 64-bit word, segment number in the upper half, byte offset in the lower."""

    def __init__(self, directory: Path) -> None:
        self._fd = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._fd).st_size < 8:
            os.pwrite(self._fd, bytes(8), 0)
        self._map = mmap.mmap(self._fd, 8)
        self._word = memoryview(self._map).cast("Q")

    @property
    def segment(self) -> int:
        """Number of the segment that was last opened, 0 for none."""
        return int(self._word[0]) >> _OFFSET_BITS

    def set(self, segment: int, offset: int) -> None:
        """Publish that `segment` is durable up to `offset`. One aligned store: a reader sees the old or the new word."""
        self._word[0] = segment << _OFFSET_BITS | offset

    def sync(self) -> None:
        """Make the mark itself durable, so that a segment number is never used twice."""
        self._map.flush()
        os.fsync(self._fd)

    def close(self) -> None:
        self._word.release()
        self._map.close()
        os.close(self._fd)


def read_mark(directory: Path) -> tuple[int, int] | None:
    """(segment, offset) of the slot in `directory`, None when no writer ever ran there."""
    try:
        word = int.from_bytes((directory / FILE_NAME).read_bytes()[:8], "little")
    except FileNotFoundError:
        return None
    return word >> _OFFSET_BITS, word & (1 << _OFFSET_BITS) - 1
