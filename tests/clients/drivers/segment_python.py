"""segment-analytics-python, as a shop's server uses it: makes the calls of a job and says what became of them."""

from __future__ import annotations

import logging
import time
from typing import Any

from job import Report, run
from segment.analytics.client import Client


def work(job: dict[str, Any], report: Report) -> None:
    logging.disable(logging.CRITICAL)
    failed: list[Any] = []

    def on_error(error: Exception, batch: list[Any]) -> None:
        failed.extend(batch)
        report.errors.append(str(error))

    client = Client(job["key"], host=job["url"], on_error=on_error, **{"upload_interval": 0.1, "upload_size": 5} | job["options"])
    for call in job["calls"]:
        given = {name: value for name, value in call.items() if name != "call"}
        getattr(client, call["call"])(anonymous_id=job["visitor"]["anonymous_id"], **given)
        time.sleep(job["pause_ms"] / 1000)
    client.flush()
    report.add(delivered=len(job["calls"]) - len(failed), failed=len(failed))


if __name__ == "__main__":
    run(work)
