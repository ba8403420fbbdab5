"""`python -m ingest_service`: the HTTP side of the write path as one process tree. Settings come from the environment."""

from __future__ import annotations

import logging
import sys

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import load_settings
from ingest_service import logs
from ingest_service.supervisor import Supervisor, check_port
from ingest_service.workers import shared_counters


def main() -> int:
    """Exit code: 0 after an ordered stop, 1 when the service could not start (one line on stderr says why)."""
    try:
        settings = load_settings()
    except GxyError as error:
        print(f"ingest: {error}", file=sys.stderr)  # noqa: T201
        return 1
    logs.setup(settings.log_format)
    try:
        check_port(settings.listen_host, settings.ingest_port)  # before anything that another service here may be using
        with shared_counters(settings):
            from ingest_service.server import prepare_worker  # prometheus_client reads the environment when it is imported

            Supervisor(settings, prepare_worker(settings)).run()
    except (GxyError, OSError) as error:
        if settings.log_format == "json":
            logs.say(logging.CRITICAL, "not_started", message=str(error))
        else:
            print(f"ingest: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
