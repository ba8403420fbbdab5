"""One supervised process: its declaration (`ProcessSpec`) and its life (`Process`: launch, probe, stop).

Which processes a stack has belongs to `processes`, when each is started, restarted and stopped to `supervisor`.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from gxy_analytics.stack.oltp import child_command

# A log larger than this is set aside as `<name>.log.1` when its process is launched.
MAX_LOG_BYTES = 20_000_000
PROBE_SECONDS = 0.15


def nothing() -> None:
    """The hook of a process that needs none."""


def never(_exit_code: int) -> bool:
    """The answer of a process that nobody but the supervisor asks to end."""
    return False


@dataclass(frozen=True)
class Port:
    """A port that a process will listen on: who wants it and the setting that moves it."""

    number: int
    what: str
    setting: str


@dataclass(frozen=True)
class ProcessSpec:
    """What a process is. It starts when all of `after` are ready, and stops before them."""

    name: str
    argv: tuple[str, ...]
    ready: Callable[[int], bool]
    """Whether the process with this pid does its work; asked often, answers within a second or two."""
    after: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    late_env: Callable[[], Mapping[str, str]] = dict
    """Over `env`, asked at every launch: what is known only once the processes before it are ready."""
    cwd: Path | None = None
    ports: tuple[Port, ...] = ()
    user: str | None = None
    prepare: Callable[[], None] = nothing
    """Runs before every launch."""
    on_ready: Callable[[], None] = nothing
    """Runs once, when it is ready the first time; what comes after it waits for this."""
    request_stop: Callable[[], None] | None = None
    """Asks for an orderly stop; None sends `stop_signal`."""
    stop_signal: signal.Signals = signal.SIGTERM
    ended_as_asked: Callable[[int], bool] = never
    """Whether this exit code is that of an end that was asked for, to read its configuration anew: no death, no backoff."""
    drained: Callable[[float], bool] | None = None
    """Before the stop, up to `drain_timeout` seconds: whether its work since then (seconds since the epoch) is done."""
    drain_timeout: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when the supervisor dies."""
    start_timeout: float = 60.0
    stop_timeout: float = 15.0


class State(Enum):
    """Where a process is in its life."""

    WAITING = auto()
    STARTING = auto()
    READY = auto()
    STOPPED = auto()


@dataclass
class Process:
    """The running side of a spec. Times are seconds of the monotonic clock."""

    spec: ProcessSpec
    log_file: Path
    state: State = State.WAITING
    popen: subprocess.Popen[bytes] | None = None
    launched_at: float = 0.0
    not_before: float = 0.0
    failures: int = 0
    """Deaths in a row, for the backoff."""
    deaths: int = 0
    """All of them since the stack is up."""
    last_end: str = ""
    """How it died last, in words."""
    probed_at: float = 0.0
    was_ready: bool = False
    stopping_at: float = 0.0
    """When its end began, seconds since the epoch."""
    asked_at: float = 0.0
    """When it was asked to stop, after it had drained."""

    @property
    def pid(self) -> int | None:
        """The process id while it lives."""
        return self.popen.pid if self.popen is not None and self.popen.poll() is None else None

    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal, as `subprocess` has it."""
        return self.popen.poll() if self.popen is not None else None

    def launch(self, now: float) -> int:
        """Start the process in a session of its own, its output appended to the log; return its pid."""
        self.spec.prepare()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > MAX_LOG_BYTES:
            self.log_file.replace(self.log_file.with_name(f"{self.log_file.name}.1"))
        with self.log_file.open("ab") as log:
            self.popen = subprocess.Popen(
                child_command(self.spec.argv, self.spec.death_signal, self.spec.user),
                cwd=self.spec.cwd,
                env={**self.spec.env, **self.spec.late_env()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.state, self.launched_at = State.STARTING, now
        return self.popen.pid

    def request_stop(self) -> None:
        """Ask for an orderly end, without waiting for it."""
        if self.pid is None:
            return
        if self.spec.request_stop is None:
            os.kill(self.pid, self.spec.stop_signal)
        elif self.state is State.READY:
            self.spec.request_stop()
        else:
            self.kill_group()

    def kill_group(self) -> None:
        """kill -9 the process and every process of its group that it left behind."""
        if self.popen is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def is_due(self, now: float) -> bool:
        """Whether to ask `ready` again; PROBE_SECONDS apart, so that probing is not the work of a starting machine."""
        due = now - self.probed_at >= PROBE_SECONDS
        self.probed_at = now if due else self.probed_at
        return due


def how_it_ended(exit_code: int) -> str:
    """Return an exit code in words: `exit code 1`, `killed by SIGKILL`."""
    return f"killed by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
