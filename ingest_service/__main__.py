"""`python -m ingest_service`: the HTTP side of the write path as one process tree. Settings come from the environment."""

from __future__ import annotations

import logging
import os
import sys

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import load_settings
from ingest_service.supervisor import Supervisor, prepare_metrics_dir


def main() -> int:
    """Exit code: 0 after an ordered stop, 1 when the service could not start (one line on stderr says why)."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    )
    settings = load_settings()
    try:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = prepare_metrics_dir(settings)
        from ingest_service.server import prepare_worker  # after the variable: prometheus_client reads it when it is imported

        Supervisor(settings, prepare_worker(settings)).run()
    except (GxyError, OSError) as error:
        print(f"ingest: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
