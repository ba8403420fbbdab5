"""Runs the real clients: one process a job, in a client's own language, bounded in time.

A job is JSON on the driver's standard input: `url`, `key`, `visitor`, `calls` (see `idioms`), `pause_ms` between them,
`options` of the client, `seconds` it may take. The driver prints what the client itself says: delivered, failed, errors.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.idioms import Call
from tests.clients.shopper import shopper

HERE = Path(__file__).parent
INSTALLED = HERE / "node_modules" / ".installed"  # `make test` writes it
GRACE_SECONDS = 10.0  # for starting and ending, beside the job's own time


@dataclass(frozen=True)
class Driver:
    """A client that runs on a server."""

    name: str
    family: str  # snowplow or segment: whose words it speaks (RudderStack speaks Segment's)
    file: str

    @property
    def command(self) -> list[str]:
        return [sys.executable if self.file.endswith(".py") else "node", str(HERE / "drivers" / self.file)]

    @property
    def is_node(self) -> bool:
        return self.file.endswith(".cjs")

    def start(
        self,
        url: str,
        key: str,
        calls: list[Call],
        *,
        pause_ms: int = 0,
        seconds: float = 30.0,
        visitor: dict[str, str] | None = None,
        **options: Any,
    ) -> Running:
        """Begin the job; the test goes on meanwhile."""
        if self.is_node:
            require_node()
        job = {
            "url": url,
            "key": key,
            "calls": calls,
            "pause_ms": pause_ms,
            "seconds": seconds,
            "options": options,
            "visitor": visitor or shopper()["visitor"],
        }
        pipe = subprocess.PIPE
        process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=HERE / "drivers")
        assert process.stdin
        process.stdin.write(json.dumps(job))
        process.stdin.close()
        process.stdin = None
        return Running(process, seconds + GRACE_SECONDS)

    def run(self, url: str, key: str, calls: list[Call], **job: Any) -> Report:
        """The whole job."""
        return self.start(url, key, calls, **job).report()


@dataclass(frozen=True)
class Report:
    """What the client says became of its calls."""

    delivered: int
    failed: int
    errors: list[str]
    is_finished: bool


class Running:
    """A job under way."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        self._process = process
        self._seconds = seconds

    def report(self) -> Report:
        """Wait for the end, which the job's time bounds."""
        try:
            out, err = self._process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        lines = out.strip().splitlines()
        assert self._process.returncode in (0, 3) and lines, f"the driver died with {self._process.returncode}: {err[-2000:]}"
        return Report(**json.loads(lines[-1]), is_finished=self._process.returncode == 0)

    def kill(self) -> None:
        """As a shop's server dies: whatever the client still held is gone."""
        self._process.kill()
        self._process.wait()


def require_npm() -> None:
    """Skip without the clients from npm."""
    if not INSTALLED.exists():
        pytest.skip("the clients from npm are not installed: install nodejs and npm, then `make test`")


def require_node() -> None:
    """Skip without Node or its clients."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed: install nodejs and npm, then `make test`")
    require_npm()


SNOWPLOW_NODE = Driver("snowplow-node", "snowplow", "snowplow-node.cjs")
SNOWPLOW_PYTHON = Driver("snowplow-python", "snowplow", "snowplow_python.py")
SEGMENT_NODE = Driver("segment-node", "segment", "segment-node.cjs")
SEGMENT_PYTHON = Driver("segment-python", "segment", "segment_python.py")
RUDDER_NODE = Driver("rudder-node", "segment", "rudder-node.cjs")
RUDDER_PYTHON = Driver("rudder-python", "segment", "rudder_python.py")
DRIVERS = (SNOWPLOW_NODE, SNOWPLOW_PYTHON, SEGMENT_NODE, SEGMENT_PYTHON, RUDDER_NODE, RUDDER_PYTHON)
