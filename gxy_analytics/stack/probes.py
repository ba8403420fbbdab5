"""Is it there? Small questions to servers and files, each answered within two seconds and never by an exception.

Which answer makes a process ready belongs to `processes`, what a person is told about it to `doctor`.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

TIMEOUT_SECONDS = 2.0
# The loader writes its status every second; a running one's is never this old.
STALE_STATUS_SECONDS = 30.0


class Slot(msgspec.Struct):
    """One spool directory as the loader sees it."""

    lag_bytes: int
    lag_seconds: float


class LoaderStatus(msgspec.Struct):
    """The part of `<data_dir>/loader/status.json` that a stack needs. Times are seconds since the epoch."""

    pid: int
    updated_at: float
    slots: dict[str, Slot]
    clickhouse_error: str | None
    quarantined: list[str]

    @property
    def lag_bytes(self) -> int:
        """Bytes in the spool that are not loaded yet."""
        return sum(slot.lag_bytes for slot in self.slots.values())

    @property
    def lag_seconds(self) -> float:
        """How long the oldest of them has waited."""
        return max((slot.lag_seconds for slot in self.slots.values()), default=0.0)


def http_ok(url: str) -> bool:
    """Whether GET `url` is answered with 2xx."""
    try:
        with urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            return bool(200 <= response.status < 300)
    except (URLError, OSError):
        return False


def socket_accepts(path: Path) -> bool:
    """Whether something listens on the unix socket `path`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_SECONDS)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def loader_status(loader_dir: Path) -> LoaderStatus | None:
    """The loader's last picture of itself; None when there is none that can be read."""
    try:
        return msgspec.json.decode((loader_dir / "status.json").read_bytes(), type=LoaderStatus)
    except (OSError, msgspec.DecodeError):
        return None


def started_at(pid: int) -> float:
    """When a process began, in seconds since the epoch, good to a second; infinity when it has ended."""
    fields = stat_fields(pid)
    if not fields:
        return float("inf")
    since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    return int(boot.split()[1]) + since_boot


def is_alive(pid: int) -> bool:
    """Whether a process `pid` exists and has not ended."""
    return stat_fields(pid)[:1] not in ([], ["Z"])


def stat_fields(pid: int) -> list[str]:
    """The fields of `/proc/<pid>/stat` from the third one (the state) on; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
