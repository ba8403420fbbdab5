"""The embedded ClickHouse: its configuration, and starting, probing and stopping it as a child process.

Which other processes make up a stack belongs to `gxy_analytics.stack`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen
from uuid import uuid4
from xml.sax.saxutils import escape

from clickhouse_connect.driver.httputil import default_pool_manager

from gxy_analytics.errors import GxyError
from gxy_analytics.stack.sockets import reachable_host
from gxy_analytics.warehouse.client import read_sql

ADMIN = "gxy"
# In this engine the scalar function file() reads any file of the machine for any user: other tenants' parts, keys, hashes.
# A function of one's own by that name comes first. CREATE FUNCTION refuses it ("already exists"), so that it is put where a
# start finds it.
CLOSED_FUNCTION = "CREATE FUNCTION file AS path -> throwIf(materialize(toUInt8(1)), 'the function file() is closed')\n"
# This engine makes the database `system` in memory: every start would begin an empty query_log, and the audit lose what it has
# not harvested. Where it finds the database on disk it takes that.
SYSTEM_DATABASE = "ATTACH DATABASE _ UUID '{uuid}' ENGINE = Atomic\n"
FLUSH_LOG = "SYSTEM FLUSH LOGS query_log"
KILL_SERVING_QUERY = "KILL QUERY WHERE query LIKE '%sleepEachRow(3)%' AND is_initial_query SYNC"


def access_file(directory: Path) -> Path:
    """The file below a server's directory that the engine merges into `users.xml`; written by `gxy access apply`.

    `prepare` leaves it, so that what was applied holds after every start.
    """
    return directory / "users.d" / "access.xml"


def ending_file(directory: Path) -> Path:
    """The file below a server's directory that is there from when the server is asked to end until it is launched again."""
    return directory / "asked_to_end"


class EmbeddedServerError(GxyError):
    """The embedded ClickHouse did not start or stop; the message names its log."""


@dataclass
class EmbeddedClickHouse:
    """One embedded server over one directory: `config.xml`, `users.xml`, `data/`, and `clickhouse.log` in `log_dir`.

    `password` is the admin's; ports must be free. One process a directory: a second one refuses to start.
    """

    directory: Path
    password: str
    http_port: int
    tcp_port: int
    listen_host: str = "127.0.0.1"
    log_dir: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.directory = self.directory.resolve()

    @property
    def url(self) -> str:
        """http://user:password@host:port of the admin, as a client on this machine reaches it."""
        return f"http://{ADMIN}:{self.password}@{reachable_host(self.listen_host)}:{self.http_port}"

    @property
    def log_file(self) -> Path:
        return (self.log_dir or self.directory) / "clickhouse.log"

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that serves the directory once `prepare` has written its configuration."""
        return (sys.executable, "-m", "gxy_analytics.warehouse.embedded_server", str(self.directory))

    def prepare(self) -> None:
        """Write `config.xml` and `users.xml` (mode 0600: it holds the hash of the admin's password), and close file()."""
        ending_file(self.directory).unlink(missing_ok=True)
        self._keep_query_log()
        functions = self.directory / "data" / "user_defined"
        functions.mkdir(parents=True, exist_ok=True)
        (functions / "function_file.sql").write_text(CLOSED_FUNCTION)
        users_xml = self.directory / "users.xml"
        users_xml.touch(mode=0o600)
        admin_sha256 = hashlib.sha256(self.password.encode()).hexdigest()
        users_xml.write_text(read_sql("gxy_analytics.warehouse", "users.xml").format(admin_sha256=admin_sha256))
        values = {
            "listen_host": self.listen_host,
            "http_port": self.http_port,
            "tcp_port": self.tcp_port,
            "log_file": self.log_file,
            "users_xml": users_xml,
        }
        config = read_sql("gxy_analytics.warehouse", "config.xml")
        (self.directory / "config.xml").write_text(config.format(**{key: escape(str(value)) for key, value in values.items()}))

    def start(self, timeout: float = 30.0) -> None:
        """Start the process by itself, outside a stack, and wait until it answers. Raises EmbeddedServerError."""
        self.prepare()
        self.process = subprocess.Popen(
            [*self.argv, "--die-with-parent"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self.process.poll() is not None:
                raise EmbeddedServerError(
                    f"ClickHouse exited with {self.process.returncode} while starting: see {self.log_file}."
                )
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"ClickHouse did not answer within {timeout:.0f} s: see {self.log_file}.")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether a query as admin succeeds."""
        try:
            return self._query("select 1") == b"1\n"
        except (URLError, OSError):
            return False

    def end_serving(self) -> None:
        """Ask the server to shut down in order: it exits within 4 s, or cuts what still runs after 6 s (see `ended_as_asked`).

        This process's own idle connections are closed first. A server that does not answer is left as it is.
        """
        default_pool_manager().clear()
        ending_file(self.directory).touch()
        for sql in (FLUSH_LOG, KILL_SERVING_QUERY):
            with suppress(URLError, OSError):
                self._query(sql)

    def ended_as_asked(self, exit_code: int) -> bool:
        """Whether an end was asked for: code 0, or 1 when a query still ran 5 s later. The engine has no other code for that."""
        return exit_code == 0 or (exit_code == 1 and ending_file(self.directory).exists())

    def stop(self, timeout: float = 30.0) -> None:
        """Shut down in order; kill it when it does not follow."""
        if self.process is None or self.process.poll() is not None:
            return
        self.end_serving()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """kill -9, for fault tests."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _keep_query_log(self) -> None:
        data = self.directory / "data"
        database = data / "metadata" / "system.sql"
        if not database.exists():
            database.parent.mkdir(parents=True, exist_ok=True)
            database.write_text(SYSTEM_DATABASE.format(uuid=uuid4()))
        # A log of the time before lies here as a directory, and nothing would ever expire it; now these are links.
        for path in (data / "data" / "system").glob("query_log*"):
            if not path.is_symlink():
                shutil.rmtree(path)

    def _query(self, sql: str) -> bytes:
        request = Request(
            f"http://{reachable_host(self.listen_host)}:{self.http_port}/",
            data=sql.encode(),
            headers={"X-ClickHouse-User": ADMIN, "X-ClickHouse-Key": self.password},
        )
        with urlopen(request, timeout=5) as response:  # noqa: S310
            return bytes(response.read())
