"""One build at a time on one data directory: a lock that the kernel lets go of when its process dies.

Across hosts the graph's write pool does the same; both are needed, for `gxy materialize` runs beside the daemon.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from gxy_analytics.errors import GxyError

POLL_SECONDS = 0.1


class WarehouseBusyError(GxyError):
    """Another process holds the lock for longer than one would wait."""


@contextmanager
def exclusive(lock_file: Path, *, patience: float | None = None) -> Iterator[None]:
    """Wait until nobody else holds the lock of that file, and hold it until the block ends.

    `patience` in seconds; None waits for as long as it takes. Raises WarehouseBusyError when it ends first.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        if patience is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            _lock_within(lock, patience)
        yield


@contextmanager
def single_writer(data_dir: Path, *, patience: float | None = None) -> Iterator[None]:
    """Wait until no other process of this stack builds, and keep others waiting until the block ends.

    `patience` and what is raised: as for `exclusive`.
    """
    with exclusive(data_dir / "run" / "build.lock", patience=patience):
        yield


def _lock_within(lock: TextIO, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise WarehouseBusyError(
                    f"a build, an erasure, retention or a replay is under way and did not end within {seconds:.0f} s "
                    f"(it holds {lock.name}). Wait for its end, then do this again."
                ) from error
            time.sleep(POLL_SECONDS)
        else:
            return
