"""How `gxy up` ends when nobody reads its output any more, and before it is up. With PostgreSQL alone, which starts soonest."""

from __future__ import annotations

import os
import pty
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gxy_analytics.stack.probes import is_alive
from tests.e2e.stack_process import GXY, StackProcess, clean_environment, free_port_base, processes_of, wait_until_gone

ALONE = [option for part in ("clickhouse", "loader", "ingest", "dagster") for option in ("--without", part)]
SHUT_DOWN = "database system is shut down"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory outside pytest's: as root PostgreSQL has its own account, and pytest's is closed to that."""
    with TemporaryDirectory(prefix="gxy-ends-") as directory:
        yield Path(directory) / "state"


def command(data_dir: Path) -> list[str]:
    return [str(GXY), "up", "--data-dir", str(data_dir), "--port-base", str(free_port_base()), *ALONE]


def wait_until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_stopped_in_order(data_dir: Path) -> None:
    assert wait_until_gone(data_dir) == {}
    assert SHUT_DOWN in (data_dir / "logs" / "postgres.log").read_text()
    assert not (data_dir / "run" / "stack.json").exists()


def test_closing_the_terminal_stops_the_stack_in_order(data_dir: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(GXY, command(data_dir), clean_environment())  # noqa: S606
    wait_until((data_dir / "run" / "stack.json").exists)
    os.close(terminal)
    # The shell tells its jobs once more what the kernel has told them.
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: not is_alive(pid), 20)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert_stopped_in_order(data_dir)


def test_an_interrupt_before_it_is_up_says_so_and_leaves_what_can_be_started_again(data_dir: Path) -> None:
    base = free_port_base()
    early = StackProcess(data_dir, base, *ALONE)
    wait_until(lambda: any("bin/postgres" in process for process in processes_of(data_dir).values()))
    assert early.stop(signal.SIGINT) == 130
    assert early.output.splitlines()[-1] == "interrupted before it was up: everything is stopped"
    assert "Traceback" not in early.output
    assert "accepted" not in early.output
    assert wait_until_gone(data_dir) == {}
    again = StackProcess(data_dir, base, *ALONE).ready()
    assert again.stop(signal.SIGINT) == 0
