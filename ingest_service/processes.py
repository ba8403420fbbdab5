"""Memory, processor time and descriptors of processes on this host, from /proc. Which ones to look at is for the callers."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProcessLook(msgspec.Struct):
    """One process: resident bytes, processor seconds in user and kernel mode, seconds since its start, open descriptors."""

    pid: int
    resident_bytes: int
    cpu_seconds: float
    age_seconds: float
    open_files: int


def look_at_process(pid: int) -> ProcessLook | None:
    """The process as it is now, None when it has ended (also as a zombie) or is somebody else's."""
    directory = Path(f"/proc/{pid}")
    try:
        fields = (directory / "stat").read_text().rpartition(")")[2].split()
        if fields[0] == "Z":
            return None
        open_files = len(list((directory / "fd").iterdir()))
    except OSError:
        return None
    since_boot = float(int(fields[19])) / _TICKS
    age = max(time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot, 0.0)
    return ProcessLook(pid, int(fields[21]) * _PAGE, (int(fields[11]) + int(fields[12])) / _TICKS, age, open_files)
