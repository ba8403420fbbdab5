"""One stack a data directory: the lock on `<data_dir>/run/lock`, and `run/stack.json`, where others find a running stack.

What `stack.json` holds, and reading it, belongs to `gxy_analytics.stack_file`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from gxy_analytics.errors import GxyError
from gxy_analytics.stack_file import STACK_FILE, read_stack_file


class StackRunsError(GxyError):
    """Another `gxy up` has this data directory."""


class StackLock:
    """Holds the data directory from `acquire` to `release`; the kernel releases it when the process dies."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._file: TextIO | None = None

    def acquire(self) -> None:
        """Take the lock and remove what a stack that died left in `stack.json`. Raises StackRunsError."""
        path = self._data_dir / "run" / "lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise StackRunsError(
                f"a stack already runs on {self._data_dir} (pid {holder}): use it (`gxy env`), stop it, "
                "or give this one its own --data-dir and --port-base."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        self._stack_file.unlink(missing_ok=True)

    def publish(
        self, addresses: dict[str, str], pids: dict[str, int], deaths: Mapping[str, Mapping[str, int | str]] | None = None
    ) -> None:
        """Write `stack.json` (mode 0600: the ClickHouse URL has the admin's password), whole or not at all."""
        fresh = self._stack_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump({"settings": addresses, "pids": {"gxy": os.getpid(), **pids}, "deaths": deaths or {}}, file, indent=2)
        fresh.replace(self._stack_file)

    def release(self) -> None:
        """Remove `stack.json` and give the directory free. Safe to call again."""
        if self._file is None:
            return
        self._stack_file.unlink(missing_ok=True)
        self._file.truncate(0)
        self._file.close()
        self._file = None

    @property
    def _stack_file(self) -> Path:
        return self._data_dir / STACK_FILE


def supervisor_of(data_dir: Path) -> int | None:
    """The pid of the `gxy up` that runs on this data directory and is ready, or None. Raises DamagedStackFileError."""
    stack = read_stack_file(data_dir)
    return stack.supervisor if stack else None
