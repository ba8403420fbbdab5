"""What the Python drivers share: read the job, make its calls within its time, print one line of JSON. No client belongs here."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Report:
    """What the client says became of the calls."""

    delivered: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, delivered: int = 0, failed: int = 0) -> None:
        self.delivered += delivered
        self.failed += failed


def run(work: Callable[[dict[str, Any], Report], None]) -> None:
    """Work on the job of standard input; the process ends then, whatever threads a client left behind."""
    job = json.load(sys.stdin)
    report = Report()
    thread = threading.Thread(target=work, args=(job, report), daemon=True)
    thread.start()
    thread.join(job["seconds"])
    sys.stdout.write(json.dumps(asdict(report)) + "\n")
    sys.stdout.flush()
    os._exit(3 if thread.is_alive() else 0)
