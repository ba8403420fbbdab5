"""What a program does after `outlive_terminal` when its reader ends or a signal comes; of a whole stack in `tests/e2e`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys, time
from pathlib import Path
from gxy_analytics.stack.terminal import outlive_terminal
outlive_terminal()
try:
    print("begun", flush=True)
    time.sleep(30)
except KeyboardInterrupt:
    try:
        print("a line that nobody reads", flush=True)
        print("and another one")
        time.sleep(float(sys.argv[2]))
        Path(sys.argv[1]).write_text("in order")
    except KeyboardInterrupt:
        Path(sys.argv[1]).write_text("at once")
"""


def begin(note: Path, *, seconds: float = 0.0, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-c", PROGRAM, str(note), str(seconds)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"
    return program


def test_a_reader_of_the_output_that_ends_first_does_not_keep_a_program_from_its_end(tmp_path: Path) -> None:
    """`gxy up | tee log`: a Ctrl-C ends both, and tee is faster."""
    with begin(tmp_path / "note") as program:
        assert program.stdout is not None
        program.stdout.close()
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 0
    assert (tmp_path / "note").read_text() == "in order"


@pytest.mark.parametrize(
    ("first", "second", "ends"),
    [
        (signal.SIGHUP, signal.SIGHUP, "in order"),
        (signal.SIGTERM, signal.SIGHUP, "in order"),
        (signal.SIGTERM, signal.SIGINT, "at once"),
        (signal.SIGINT, signal.SIGINT, "at once"),
    ],
)
def test_only_another_ctrl_c_is_impatience(tmp_path: Path, first: signal.Signals, second: signal.Signals, ends: str) -> None:
    with begin(tmp_path / "note", seconds=0.5) as program:
        assert program.stdout is not None
        program.send_signal(first)
        assert program.stdout.readline() == "a line that nobody reads\n"
        program.send_signal(second)
        assert program.wait(20) == 0
    assert (tmp_path / "note").read_text() == ends


def test_a_program_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    with begin(tmp_path / "note", before=("nohup",)) as program:
        program.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(0.3)
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0
