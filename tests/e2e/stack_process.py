"""A real `gxy up` in a process of its own, and the means to see what is left of it. What it must do is in `test_stack.py`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

GXY = Path(sys.executable).with_name("gxy")
START_SECONDS = 150.0
FIRST_BASE = 21_000 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 5 * 2_000
BASES = iter(range(FIRST_BASE + os.getpid() % 250 * 4, FIRST_BASE + 2_000, 4))
"""Below the ports that the system gives out; each worker has its own."""


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without any `GXY_*`."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("GXY_")}, **extra}


def free_port_base() -> int:
    """N with N..N+3 free on loopback now, and given to no other test: a stack binds the last of them half a minute later."""
    for base in BASES:
        probes = [socket.socket() for _ in range(4)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return base
    raise AssertionError("no four free ports in a row")


class StackProcess:
    """`gxy up --data-dir ... --port-base ...`, or another command that starts a stack, with its output in a file."""

    def __init__(self, data_dir: Path, port_base: int, *options: str, command: str = "up", **environment: str) -> None:
        self.data_dir = data_dir
        self.port_base = port_base
        self._env: dict[str, str] | None = None
        self.output_file = data_dir.with_name(f"{data_dir.name}.{port_base}.{time.monotonic_ns()}.out")
        argv = [str(GXY), command, "--data-dir", str(data_dir), "--port-base", str(port_base), *options]
        with self.output_file.open("wb") as output:
            self.process = subprocess.Popen(
                argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=clean_environment(**environment)
            )

    @property
    def output(self) -> str:
        return self.output_file.read_text()

    def wait_for(self, text: str, seconds: float = START_SECONDS) -> None:
        """Wait until `text` was printed; fail with the output when the process ended or did not print it in time."""
        self.wait_until(lambda: text in self.output, seconds)
        assert text in self.output, f"{text!r} is missing in:\n{self.output}\n{self.logs()}"

    def wait_until(self, holds: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not holds() and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)

    def ready(self) -> StackProcess:
        self.wait_for("GXY Analytics is up")
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(90)

    def pids(self) -> dict[str, int]:
        return dict(json.loads((self.data_dir / "run" / "stack.json").read_text())["pids"])

    def gxy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command in the environment that `gxy env` gives."""
        return subprocess.run([str(GXY), *arguments], capture_output=True, text=True, env=clean_environment(**self.env()))

    def env(self) -> dict[str, str]:
        """What `gxy env` prints, asked once: a stack's addresses do not change."""
        if self._env is None:
            self._env = self._ask_env()
        return self._env

    def _ask_env(self) -> dict[str, str]:
        command = [str(GXY), "env", "--json", "--data-dir", str(self.data_dir)]
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=True)
        values: dict[str, str] = json.loads(done.stdout)
        return values

    def logs(self) -> str:
        """The end of every log, for a failure's message."""
        ends = [f"--- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self.data_dir.glob("logs/*.log"))]
        return "\n".join(ends)


def processes_of(data_dir: Path) -> dict[int, str]:
    """Every process that was started for the stack in `data_dir`, also grandchildren: pid to command line."""
    mark = f"GXY_DATA_DIR={data_dir}".encode()
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (directory / "environ").read_bytes().split(b"\0"):
                found[int(directory.name)] = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def wait_until_gone(data_dir: Path, seconds: float = 15.0) -> dict[int, str]:
    """Wait for the last process of the stack; return what is left after `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := processes_of(data_dir)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
