"""`python -m gxy_analytics.stack.healthcheck ingest|loader|dagster`: a container's health as an exit code.

Each looks at its own container only, never at ClickHouse: a database that is down must not restart what buffers for it.
"""

from __future__ import annotations

import sys
import time

from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.stack import probes


def ingest(settings: Settings) -> bool:
    """Its port on this host says that it is ready."""
    return probes.http_ok(f"http://127.0.0.1:{settings.ingest_port}/readyz")


def loader(settings: Settings) -> bool:
    """It has written its status a moment ago."""
    status = probes.loader_status(settings.loader_dir)
    return status is not None and time.time() - status.updated_at < probes.STALE_STATUS_SECONDS


def dagster(settings: Settings) -> bool:
    """The web server on this host answers."""
    return probes.http_ok(f"http://127.0.0.1:{settings.dagster_port}/server_info")


CHECKS = {"ingest": ingest, "loader": loader, "dagster": dagster}


def main(arguments: list[str]) -> int:
    """Return 0 when it is healthy, else 1; 2 for a name that is none."""
    if len(arguments) != 1 or arguments[0] not in CHECKS:
        print(f"one of: {', '.join(CHECKS)}", file=sys.stderr)  # noqa: T201
        return 2
    return 0 if CHECKS[arguments[0]](load_settings()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
