"""`<data_dir>/run/stack.json`: what `gxy up` says of the stack that it runs, and how others read it.

Writing it belongs to `gxy_analytics.stack.lock`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from gxy_analytics.errors import GxyError

STACK_FILE = Path("run/stack.json")


class DamagedStackFileError(GxyError):
    """The file is there and is not what `gxy up` writes."""


class Deaths(msgspec.Struct):
    """How often a process of the running stack died, how the last time, and the log that says why."""

    count: int
    how: str
    log: str


class StackFile(msgspec.Struct):
    """Addresses as settings, name to pid (`gxy` is the supervisor), and what died and was restarted, by name."""

    settings: dict[str, str]
    pids: dict[str, int]
    deaths: dict[str, Deaths]

    @property
    def supervisor(self) -> int | None:
        """The pid of the `gxy up` that wrote it, or None: one that died without its goodbye counts as none."""
        pid = self.pids["gxy"]
        return pid if Path(f"/proc/{pid}").exists() else None


def read_stack_file(data_dir: Path) -> StackFile | None:
    """What `gxy up` wrote for this data directory, or None when no stack runs on it. Raises DamagedStackFileError."""
    path = data_dir / STACK_FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=StackFile)
        found.pids["gxy"]
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError) as error:
        raise DamagedStackFileError(
            f"{path} is damaged ({error}): stop the stack of {data_dir}, if it runs, remove the file, and start it again."
        ) from error
    return found


def stack_deaths(data_dir: Path) -> dict[str, Deaths]:
    """What died and was restarted since the running stack is up, by name; empty without a stack. Raises DamagedStackFileError."""
    stack = read_stack_file(data_dir)
    return stack.deaths if stack else {}
