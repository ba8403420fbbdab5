"""The child process that is the embedded ClickHouse: `python -m gxy_analytics.warehouse.embedded_server <directory>`.

Only what must happen inside that process belongs here; who starts and stops it is `embedded`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

# Holds the process inside the engine for as long as the server should live. Killing this query ends the process.
SERVE = (
    "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; "
    "SELECT sleepEachRow(3) FROM system.numbers "
    "SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0, max_execution_time=0 FORMAT Null"
)
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve the data in `<directory>/data` with `<directory>/config.xml` until the serving query is killed."""
    directory = Path(sys.argv[1]).resolve()
    if "--die-with-parent" in sys.argv:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The engine reads config.xml from the working directory, but importing it there would start it too early.
    os.chdir("/")
    from chdb import _chdb

    os.chdir(directory)
    # The format becomes the HTTP default; clickhouse-connect reads the server's version only from TabSeparated.
    _chdb.query(SERVE, "TabSeparated", path=str(directory / "data"))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
