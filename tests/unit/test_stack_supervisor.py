"""The supervisor with small stand-in processes."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gxy_analytics.stack.probes import is_alive
from gxy_analytics.stack.process import ProcessSpec, State
from gxy_analytics.stack.supervisor import ProcessFailedError, Supervisor

SECONDS = 20.0


class World:
    """A supervisor over shell scripts, which note what they do in one file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.notes_file = directory / "notes"
        self.notes_file.touch()
        self.reports: list[tuple[str, str]] = []
        self.specs: list[ProcessSpec] = []
        self._supervisor: Supervisor | None = None

    @property
    def notes(self) -> list[str]:
        return self.notes_file.read_text().split()

    @property
    def supervisor(self) -> Supervisor:
        if self._supervisor is None:
            self._supervisor = Supervisor(self.specs, self.directory / "logs", lambda *line: self.reports.append(line))
        return self._supervisor

    def add(self, name: str, script: str | None = None, **options: object) -> None:
        """A process that notes `name:up`, is ready then, and notes `name:down` on SIGTERM; or `script`."""
        default = f'trap "echo {name}:down >> {self.notes_file}; exit 0" TERM; echo {name}:up >> {self.notes_file}; ' + WAIT
        options.setdefault("ready", lambda _pid: f"{name}:up" in self.notes or script is not None)
        options.setdefault("env", dict(os.environ))
        self.specs.append(ProcessSpec(name=name, argv=("/bin/sh", "-c", script or default), **options))  # type: ignore[arg-type]

    def step_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, (self.reports, self.notes)
            self.supervisor.step()
            time.sleep(0.02)


WAIT = "while :; do sleep 0.05; done"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.supervisor.kill()


def test_a_process_starts_after_those_it_needs_and_stops_before_them(world: World) -> None:
    world.add("last", after=("middle",))
    world.add("middle", after=("first", "left-out"))
    world.add("first", on_ready=lambda: world.notes_file.open("a").write("first:prepared\n"))
    world.supervisor.start()
    assert world.notes == ["first:up", "first:prepared", "middle:up", "last:up"]
    world.supervisor.stop()
    assert world.notes[4:] == ["last:down", "middle:down", "first:down"]
    assert world.supervisor.pids == {}


def test_a_process_that_ends_while_starting_is_named_with_code_and_log(world: World) -> None:
    world.add("well")
    world.add("broken", "echo no such thing >&2; exit 3", ready=lambda _pid: False)
    with pytest.raises(ProcessFailedError, match=r"broken did not start \(exit code 3\): read .*/logs/broken.log"):
        world.supervisor.start()
    assert "no such thing" in (world.directory / "logs" / "broken.log").read_text()
    world.supervisor.stop()
    assert world.supervisor.pids == {}


def test_a_process_that_never_gets_ready_is_given_up(world: World) -> None:
    world.add("slow", ready=lambda _pid: False, start_timeout=0.3)
    with pytest.raises(ProcessFailedError, match="not ready within"):
        world.supervisor.start()


def test_a_dead_process_is_announced_and_restarted_a_little_later_each_time(world: World) -> None:
    world.add("worker")
    world.supervisor.start()
    process = world.supervisor.processes["worker"]
    for _ in range(2):
        died = world.supervisor.pids["worker"]
        os.kill(died, signal.SIGKILL)
        world.step_until(lambda: process.state is State.WAITING)
        world.step_until(lambda: process.state is State.READY)
        assert world.supervisor.pids["worker"] != died
    told = [what for name, what in world.reports if "died" in what]
    assert [line.split(", log")[0] for line in told] == [
        "died (killed by SIGKILL): restarting in 0.5 s",
        "died (killed by SIGKILL): restarting in 1 s",
    ]
    assert sum("is back after" in what for _, what in world.reports) == 2
    assert world.supervisor.deaths == {"worker": {"count": 2, "how": "killed by SIGKILL", "log": str(process.log_file)}}


def test_a_process_that_ends_as_it_was_asked_to_starts_again_at_once_and_counts_as_no_death(world: World) -> None:
    world.add("server", ended_as_asked=lambda code: code == 0)
    world.supervisor.start()
    for starts in (2, 3, 4):
        os.kill(world.supervisor.pids["server"], signal.SIGTERM)
        world.step_until(lambda: world.notes.count("server:up") == starts and bool(world.supervisor.pids))  # noqa: B023
        world.step_until(lambda: world.supervisor.processes["server"].state is State.READY)
    assert world.supervisor.deaths == {}
    os.kill(world.supervisor.pids["server"], signal.SIGKILL)
    world.step_until(lambda: "server" in world.supervisor.deaths)


def test_a_process_that_cannot_start_again_is_not_tried_in_a_hot_loop(world: World) -> None:
    """A loader whose settings were broken while it ran: each try waits twice as long as the one before."""
    broken = world.directory / "broken"
    world.add("loader", f"test -e {broken} && exit 1; {WAIT}", ready=lambda _pid: not broken.exists())
    world.supervisor.start()
    broken.touch()
    os.kill(world.supervisor.pids["loader"], signal.SIGKILL)
    process = world.supervisor.processes["loader"]
    began = time.monotonic()
    world.step_until(lambda: process.deaths == 4)
    assert time.monotonic() - began > 0.5 + 1 + 2
    assert process.not_before - time.monotonic() > 3


def test_what_a_dead_process_leaves_behind_is_killed_before_its_restart(world: World) -> None:
    child_file = world.directory / "child"
    world.add(
        "parent",
        f"{WAIT} & echo $! > {child_file}; wait",
        ready=lambda _pid: child_file.exists() and child_file.read_text() != "",
    )
    world.supervisor.start()
    child = int(child_file.read_text())
    os.kill(world.supervisor.pids["parent"], signal.SIGKILL)
    world.step_until(lambda: world.supervisor.processes["parent"].state is State.WAITING)
    assert not is_alive(child)


def test_a_process_that_ignores_its_stop_is_killed_and_reported(world: World) -> None:
    world.add(
        "deaf",
        f'trap "" TERM; echo deaf:up >> {world.notes_file}; {WAIT}',
        ready=lambda _pid: "deaf:up" in world.notes,
        stop_timeout=0.3,
    )
    world.supervisor.start()
    world.supervisor.stop()
    assert ("deaf", "did not stop within 0 s: killed") in world.reports
    assert world.supervisor.pids == {}


@pytest.mark.parametrize(("answers", "asked"), [([False, False, True], 3), ([False] * 10_000, None)])
def test_a_process_drains_before_it_is_asked_to_stop_but_not_for_ever(
    world: World, answers: list[bool], asked: int | None
) -> None:
    left = list(answers)

    def drained(_since: float) -> bool:
        assert "loader:down" not in world.notes
        return left.pop(0)

    world.add("loader", drained=drained, drain_timeout=0.5 if asked is None else SECONDS)
    world.supervisor.start()
    world.supervisor.stop()
    assert "loader:down" in world.notes
    assert asked is None or len(answers) - len(left) == asked


def test_a_process_started_where_ctrl_c_is_ignored_still_heeds_it(world: World) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        program = f"import time; open({str(world.notes_file)!r}, 'a').write('child:up '); time.sleep(600)"
        world.add(
            "child",
            f"exec {sys.executable} -S -c {shlex.quote(program)}",
            stop_signal=signal.SIGINT,
            ready=lambda _pid: "child:up" in world.notes,
        )
        world.supervisor.start()
        world.supervisor.stop()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not any("did not stop" in what for _, what in world.reports)


def test_killing_the_supervisor_ends_children_and_grandchildren(tmp_path: Path) -> None:
    program = f"""
import os, time
from pathlib import Path
from gxy_analytics.stack.process import ProcessSpec
from gxy_analytics.stack.supervisor import Supervisor
script = "echo $$ >> {tmp_path}/pids; (echo $$ >> /dev/null; {WAIT}) & echo $! >> {tmp_path}/pids; touch {tmp_path}/up; wait"
spec = ProcessSpec("parent", ("/bin/sh", "-c", script), ready=lambda _pid: Path("{tmp_path}/up").exists(), env=dict(os.environ))
Supervisor([spec], Path("{tmp_path}/logs"), lambda name, what: None).start()
print("ready", flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "ready\n"
        pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
        assert len(pids) == 2
        assert all(map(is_alive, pids))
        supervisor.kill()
    deadline = time.monotonic() + SECONDS
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, pids))
