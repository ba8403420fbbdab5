"""One build at a time on one data directory: a lock that the kernel lets go of when its process dies.

Across hosts the graph's write pool does the same; both are needed, for `gxy materialize` runs beside the daemon.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(lock_file: Path) -> Iterator[None]:
    """Wait until no other process holds the lock of that file, and hold it until the block ends."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def single_writer(data_dir: Path) -> Iterator[None]:
    """Wait until no other process of this stack builds, and keep others waiting until the block ends."""
    with exclusive(data_dir / "run" / "build.lock"):
        yield
