"""A stack watches what it started: with one stand-in process. The rules of restarting are in `test_stack_supervisor.py`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gxy_analytics.settings import Settings
from gxy_analytics.stack import processes
from gxy_analytics.stack.process import ProcessSpec
from gxy_analytics.stack.stack import PARTS, Stack


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_was_started_again_is_stopped_in_order_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel kills a child with the thread that started it: the watching one must not end before its children."""
    notes = tmp_path / "notes"
    notes.touch()
    script = f'trap "sleep 0.3; echo down >> {notes}; exit 0" TERM; echo up >> {notes}; while :; do sleep 0.05; done'
    spec = ProcessSpec("server", ("/bin/sh", "-c", script), ready=lambda _pid: "up" in notes.read_text(), env=dict(os.environ))
    monkeypatch.setattr(processes, "postgres", lambda *_: spec)
    stack = Stack(Settings(data_dir=tmp_path / "state"), without=[part for part in PARTS if part != "postgres"])
    with stack:
        os.kill(stack.pids["server"], signal.SIGKILL)
        wait_until(lambda: notes.read_text().split() == ["up", "up"])
    assert notes.read_text().split() == ["up", "up", "down"]
