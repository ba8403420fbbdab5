"""What the parent of the workers tells others on this host: `<data_dir>/ingest/workers.json`, and where the counters lie.

Written by `supervisor`, read by `host_metrics` and `picture`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from gxy_analytics.settings import Settings
from gxy_analytics.stack.sockets import reachable_host

FILE = "ingest/workers.json"
MEMORY = Path("/dev/shm")  # noqa: S108 - our directory there has mode 0700 and an owner that is checked
METRICS_DIR = "ingest/metrics"


class Workers(msgspec.Struct):
    """The process tree: the parent's pid, the workers' pids, how many there should be, how many ended by themselves.

    `url` is where this host reaches them.
    """

    pid: int
    started_at: float
    wanted: int
    workers: list[int]
    ended: int
    url: str


class WorkersFile:
    """The parent's side."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.data_dir / FILE
        self._wanted = settings.ingest_workers
        self._url = f"http://{reachable_host(settings.listen_host)}:{settings.ingest_port}"
        self._started_at = time.time()
        self.ended = 0

    def write(self, workers: Iterable[int]) -> None:
        """Replace the file. On a full disk it stays as it was: nothing but a picture is lost."""
        picture = Workers(os.getpid(), self._started_at, self._wanted, list(workers), self.ended, self._url)
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(".new")
            temporary.write_bytes(msgspec.json.encode(picture))
            temporary.rename(self._path)


def read_workers(settings: Settings) -> Workers | None:
    """The process tree that last served here, None when none ever did. Whether it lives is another question."""
    try:
        return msgspec.json.decode((settings.data_dir / FILE).read_bytes(), type=Workers)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


@contextmanager
def shared_counters(settings: Settings) -> Iterator[Path]:
    """An empty directory for the counters that the workers share, named to prometheus_client; removed in the end.

    In memory where that is possible: the counters are memory-mapped, and on a full disk touching a new page of such a file
    kills the process (SIGBUS).
    """
    directory = _in_memory(settings) or settings.data_dir / METRICS_DIR
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _in_memory(settings: Settings) -> Path | None:
    """A directory of ours that is the same after a kill -9, so that none piles up; None where there is no such memory."""
    name = hashlib.sha256(f"{settings.data_dir}:{settings.ingest_port}".encode()).hexdigest()[:16]
    directory = MEMORY / f"gxy-ingest-{os.getuid()}-{name}"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return None
    return directory if found.st_uid == os.getuid() and not directory.is_symlink() and not found.st_mode & 0o077 else None
