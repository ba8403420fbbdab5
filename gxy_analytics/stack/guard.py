"""The last one out: ends every process of a stack whose supervisor died without stopping them (kill -9, out of memory).

Run by path as `python -I -S guard.py`; standard library only. It reads `+<pid>` and `-<pid>` lines, each pid leading a
process group, and acts when the pipe closes. The kernel kills direct children (`child.py`); the guard finds theirs.
"""

from __future__ import annotations

import os
import signal
import sys
import time

# PostgreSQL's fast shutdown gets this long before it is killed; everything else is safe to kill at once.
GRACE_SECONDS = 5.0


def reaches(pid: int, *, group: bool = False, number: int = 0) -> bool:
    """Send `number` (0 only asks) to the process or its whole group; whether it was there."""
    try:
        (os.killpg if group else os.kill)(pid, number)
    except ProcessLookupError:
        return False
    return True


def read_pids() -> set[int]:
    """Follow the supervisor until it closes the pipe or dies; return what it did not report as ended."""
    pids: set[int] = set()
    for line in sys.stdin:
        change, pid = line[0], int(line[1:])
        if change == "+":
            pids.add(pid)
        else:
            pids.discard(pid)
    return pids


def main() -> None:
    """Wait for the supervisor's end, then for its children's; kill what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pids = read_pids()
    deadline = time.monotonic() + GRACE_SECONDS
    while pids:
        for pid in list(pids):
            # A leader that is gone cannot end its children in order any more.
            if not reaches(pid) or time.monotonic() > deadline:
                reaches(pid, group=True, number=signal.SIGKILL)
            if not reaches(pid, group=True):
                pids.discard(pid)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
