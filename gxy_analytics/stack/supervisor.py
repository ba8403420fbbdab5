"""Keeps declared processes running: starts them in order, restarts what dies, stops them in reverse order.

One pass (`step`) moves every process on and never waits long, so that starting and watching are the same code.
What the processes are belongs to `processes`; the stack's lock, files and threads to `stack`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from gxy_analytics.errors import GxyError
from gxy_analytics.stack.process import Process, ProcessSpec, State, how_it_ended
from gxy_analytics.stack.sockets import claim

PASS_SECONDS = 0.05
FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 30.0
# A process that ran this long starts its backoff anew.
STABLE_SECONDS = 60.0
GUARD = Path(__file__).with_name("guard.py")

Report = Callable[[str, str], None]
"""Called with a process name and what happened to it, one line."""


class ProcessFailedError(GxyError):
    """A process ended, or was not ready in time, while the stack was starting."""


class Supervisor:
    """Starts, watches and stops `specs`, one thread at a time.

    The thread that launches a process must outlive it: the kernel's death signal is the launching thread's.
    """

    def __init__(self, specs: Iterable[ProcessSpec], log_dir: Path, report: Report) -> None:
        self.processes = {spec.name: Process(spec, log_dir / f"{spec.name}.log") for spec in specs}
        self._report = report
        self._guard: subprocess.Popen[bytes] | None = None
        self._starting = True

    @property
    def pids(self) -> dict[str, int]:
        """Name to pid of what runs now."""
        return {name: process.pid for name, process in self.processes.items() if process.pid is not None}

    @property
    def deaths(self) -> dict[str, dict[str, int | str]]:
        """Of what died since it was up: how often (`count`), how the last time (`how`), and where to read why (`log`)."""
        return {
            name: {"count": process.deaths, "how": process.last_end, "log": str(process.log_file)}
            for name, process in self.processes.items()
            if process.deaths
        }

    def claim_ports(self, listen_host: str) -> None:
        """Raise PortTakenError for the first port that is not free."""
        for process in self.processes.values():
            for port in process.spec.ports:
                claim(listen_host, port.number, port.what, port.setting)

    def start(self) -> None:
        """Start everything and return when all are ready. Raises ProcessFailedError; the caller then stops the rest."""
        self._guard = subprocess.Popen([sys.executable, "-I", "-S", str(GUARD)], stdin=subprocess.PIPE, start_new_session=True)
        while not all(process.state is State.READY for process in self.processes.values()):
            self.step()
            time.sleep(PASS_SECONDS)
        self._starting = False

    def step(self) -> None:
        """Move every process one step on: launch what may start, find what is ready, find what died."""
        for process in self.processes.values():
            if process.state is State.WAITING:
                self._maybe_launch(process)
            elif (code := process.exit_code()) is not None:
                if process.spec.ended_as_asked(code):
                    self._start_again(process)
                else:
                    self._failed(process, how_it_ended(code))
            elif process.state is State.STARTING:
                self._maybe_ready(process)
            elif process.failures and time.monotonic() - process.launched_at > STABLE_SECONDS:
                process.failures = 0

    def stop(self) -> None:
        """Stop all, each before what it was started after; kill -9 what does not end in time. Safe to call again."""
        self._starting = False
        left = {name: process for name, process in self.processes.items() if process.state is not State.STOPPED}
        while left:
            for name, process in list(left.items()):
                if not any(name in other.spec.after for other in left.values()) and self._stopped(process):
                    del left[name]
            time.sleep(0.02)
        self._dismiss_guard()

    def kill(self) -> None:
        """kill -9 everything at once: nothing acknowledged is lost, the next start recovers."""
        for process in self.processes.values():
            process.kill_group()
            process.state = State.STOPPED
        self._dismiss_guard()

    def _stopped(self, process: Process) -> bool:
        """Bring `process` nearer to its end; True when it has ended."""
        spec, now = process.spec, time.monotonic()
        if process.pid is not None:
            process.stopping_at = process.stopping_at or time.time()
            if not process.asked_at and not self._is_drained(process):
                return False
            if not process.asked_at:
                process.asked_at = now
                process.request_stop()
            if now - process.asked_at < spec.stop_timeout:
                return False
            self._report(spec.name, f"did not stop within {spec.stop_timeout:.0f} s: killed")
        process.kill_group()
        self._tell_guard("-", process)
        process.state = State.STOPPED
        return True

    def _is_drained(self, process: Process) -> bool:
        if process.spec.drained is None or process.state is not State.READY:
            return True
        late = time.time() - process.stopping_at > process.spec.drain_timeout
        return late or process.spec.drained(process.stopping_at)

    def _maybe_launch(self, process: Process) -> None:
        needed = [self.processes[name] for name in process.spec.after if name in self.processes]
        now = time.monotonic()
        if now >= process.not_before and all(other.was_ready for other in needed):
            process.launch(now)
            self._tell_guard("+", process)

    def _maybe_ready(self, process: Process) -> None:
        spec = process.spec
        if process.is_due(time.monotonic()) and spec.ready(process.pid or 0):
            process.state = State.READY
            if not process.was_ready:
                spec.on_ready()
                process.was_ready = True
            seconds = time.monotonic() - process.launched_at
            self._report(spec.name, f"ready after {seconds:.1f} s" if self._starting else f"is back after {seconds:.1f} s")
        elif time.monotonic() - process.launched_at > spec.start_timeout:
            self._failed(process, f"not ready within {spec.start_timeout:.0f} s")

    def _failed(self, process: Process, how: str) -> None:
        process.kill_group()
        self._tell_guard("-", process)
        process.popen = None
        if self._starting:
            process.state = State.STOPPED
            raise ProcessFailedError(f"{process.spec.name} did not start ({how}): read {process.log_file}.")
        delay = min(FIRST_BACKOFF_SECONDS * 2**process.failures, MAX_BACKOFF_SECONDS)
        process.failures += 1
        process.deaths += 1
        process.last_end = how
        process.not_before = time.monotonic() + delay
        process.state = State.WAITING
        self._report(process.spec.name, f"died ({how}): restarting in {delay:g} s, log {process.log_file}")

    def _start_again(self, process: Process) -> None:
        process.kill_group()
        self._tell_guard("-", process)
        process.popen = None
        process.state = State.WAITING
        self._report(process.spec.name, "ended as it was asked to: starting again")

    def _tell_guard(self, change: str, process: Process) -> None:
        if self._guard is None or self._guard.stdin is None or process.popen is None:
            return
        try:
            self._guard.stdin.write(f"{change}{process.popen.pid}\n".encode())
            self._guard.stdin.flush()
        except BrokenPipeError:
            # Somebody killed the guard: the kernel's death signal still ends the direct children.
            self._guard.wait()
            self._guard = None

    def _dismiss_guard(self) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
        self._guard = None
