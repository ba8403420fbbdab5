"""A terminal and what becomes of it: signals end a stack in order, and output that nobody reads any more ends nothing.

What is printed belongs to the commands, what an interrupt stops to `stack`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TextIO, cast


def outlive_terminal() -> None:
    """Make SIGTERM and SIGHUP interrupt once like Ctrl-C, and let what is printed afterwards get lost with the terminal.

    Ctrl-C interrupts again, also where SIGINT is ignored (a script's `&`). Where SIGHUP is ignored (`nohup`) it stays so.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt_once)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt_once)
    sys.stdout = cast("TextIO", Output(sys.stdout))
    sys.stderr = cast("TextIO", Output(sys.stderr))


class Output:
    """A stream whose reader may go away: a terminal is closed, or `| tee` ends at the same Ctrl-C. The rest is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop; the length of `text` in both cases."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError:
            # What is still buffered goes nowhere too: else the interpreter fails over it at its end.
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())


def _interrupt_once(_number: int, _frame: FrameType | None) -> None:
    """A closing terminal sends SIGHUP twice, by kernel and by shell: only a person's second Ctrl-C is impatience."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
