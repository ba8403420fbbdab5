"""The ingest service's processes: one parent that only watches, and its workers, which share the port by SO_REUSEPORT.

Forked after everything is imported, a worker that was killed is back in milliseconds; none outlives its parent.
What a worker does belongs to `server`.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings
from ingest_service.logs import say
from ingest_service.spool.writer import recover_spool
from ingest_service.workers import WorkersFile

STOP_SECONDS = 12.0  # then a worker is killed: it has acknowledged nothing that is not on disk
YOUNG_SECONDS = 2.0
PORT_SECONDS = 8.0
PAUSE_SECONDS = 1.0  # before a worker that died young is replaced
_PR_SET_PDEATHSIG = 1
_WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


class PortTakenError(GxyError):
    """Something else listens on the ingest port."""


class Supervisor:
    """Keeps `settings.ingest_workers` children running `work` until SIGTERM or SIGINT."""

    def __init__(self, settings: Settings, work: Callable[[], None]) -> None:
        self._settings = settings
        self._work = work
        self._born: dict[int, float] = {}
        self._stopping = False
        self._file = WorkersFile(settings)

    def run(self) -> None:
        """Serve until told to stop; every worker has ended on return. Raises OSError. The port is free (`check_port`)."""
        recover_spool(self._settings.spool_dir)
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        while True:
            while len(self._born) < self._settings.ingest_workers:
                self._spawn()
            self._file.write(self._born)
            if signal.sigwait(_WATCHED) != signal.SIGCHLD:
                return self._stop()
            if self._reap():
                time.sleep(PAUSE_SECONDS)

    def _spawn(self) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_worker(parent)
        self._born[pid] = time.monotonic()
        say(logging.INFO, "worker_started", worker=pid)

    def _be_worker(self, parent: int) -> NoReturn:
        code = 1
        try:
            die_with(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
            self._work()
            code = 0
        except BaseException:
            logging.getLogger(__name__).critical("worker_failed", exc_info=True, extra={"fields": {}})
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> bool:
        """Forget the children that ended; whether one of them died young, so that a replacement should wait."""
        young = False
        while self._born:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            age = time.monotonic() - self._born.pop(pid)
            young = young or (age < YOUNG_SECONDS and not os.WIFSIGNALED(status))
            self._file.ended += not self._stopping
            code = os.waitstatus_to_exitcode(status)
            say(logging.WARNING if code else logging.INFO, "worker_ended", worker=pid, exit_code=code, seconds=round(age, 1))
        return young

    def _stop(self) -> None:
        self._stopping = True
        for pid in self._born:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._born and time.monotonic() < deadline:
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)
            self._reap()
        for pid in self._born:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            say(logging.ERROR, "worker_killed", worker=pid, reason=f"did not stop within {STOP_SECONDS:.0f} s")
        self._file.write({})
        recover_spool(self._settings.spool_dir)  # of a worker that ended before it had its slot


def die_with(parent: int) -> None:
    """Have the kernel send SIGTERM to this process when its parent is gone, even by kill -9: no orphan keeps the port."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def check_port(host: str, port: int) -> None:
    """Raise PortTakenError when anything listens there: SO_REUSEPORT would silently share the port with it.

    Waits PORT_SECONDS for the workers of a parent that was killed a moment ago.
    """
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind((host, port))
            except OSError as error:
                if time.monotonic() > deadline:
                    raise PortTakenError(
                        f"cannot listen on {host}:{port} ({error.strerror}): stop what does, or set GXY_INGEST_PORT."
                    ) from error
        time.sleep(0.1)
