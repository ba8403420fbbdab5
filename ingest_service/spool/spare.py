"""Zero-filled files for segments, and the one that a thread makes ahead. What is written into them belongs to `segment_file`.

Zeros, and not only reserved blocks: a write into reserved blocks makes fdatasync commit the file system's journal, and with it
whatever others are syncing. Beside a loading ClickHouse on ext4 that halved the requests a second.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

CHUNK_BYTES = 1 << 20
PAUSE_SECONDS = 0.005  # between chunks made ahead, so that the live segment's syncs come in between
_ZEROS = bytes(CHUNK_BYTES)


class StoppedFillError(OSError):
    """The file was not finished because nobody wants it any more."""


def create_zeroed(path: Path, capacity: int, stop: threading.Event | None = None) -> int:
    """Make a file of `capacity` durable zeros; returns its descriptor. With `stop`, slowly, and given up when it is set.

    Raises OSError; then there is no file.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(fd, 0, capacity)
        for offset in range(0, capacity, CHUNK_BYTES):
            os.pwrite(fd, _ZEROS[: capacity - offset], offset)
            if stop:
                os.fdatasync(fd)
                if stop.wait(PAUSE_SECONDS):
                    raise StoppedFillError(path)
        os.fsync(fd)
    except OSError:
        os.close(fd)
        path.unlink(missing_ok=True)
        raise
    return fd


class SpareFile:
    """At most one zeroed file, made ahead in a thread. A failing disk makes none: the writer then meets the error itself."""

    def __init__(self, path: Path, capacity: int) -> None:
        self.path = path
        self.capacity = capacity
        self._fd = -1
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def prepare(self) -> None:
        """Begin to make the file, unless that was begun already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._fill, name="spool-spare", daemon=True)
            self._thread.start()

    @property
    def is_filling(self) -> bool:
        """Whether the file is being made now; when that has ended, there is one, or the disk had no room for it."""
        return self._thread is not None and self._thread.is_alive()

    def take(self, capacity: int) -> int:
        """Descriptor of the finished file at `path`, the caller's from now on; -1 when there is none of that capacity."""
        if self._thread is None or capacity != self.capacity:
            return -1
        self._thread.join()  # nearly always long done, and never slower than making another
        self._thread = None
        fd, self._fd = self._fd, -1
        return fd

    def discard(self) -> None:
        """Stop the thread and remove the file."""
        self._stop.set()
        fd = self.take(self.capacity)
        if fd >= 0:
            os.close(fd)
            self.path.unlink(missing_ok=True)
        self._stop.clear()

    def _fill(self) -> None:
        with suppress(OSError):
            self._fd = create_zeroed(self.path, self.capacity, self._stop)
