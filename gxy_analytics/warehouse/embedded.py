"""The embedded ClickHouse: its configuration, and starting, probing and stopping it as a child process.

Which other processes make up a stack belongs to `gxy_analytics.stack`.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import Request, urlopen

from gxy_analytics.errors import GxyError
from gxy_analytics.warehouse.client import read_sql

ADMIN = "gxy"
KILL_SERVING_QUERY = "KILL QUERY WHERE query LIKE '%sleepEachRow(3)%' AND is_initial_query ASYNC"


class EmbeddedServerError(GxyError):
    """The embedded ClickHouse did not start or stop; the message names its log."""


@dataclass
class EmbeddedClickHouse:
    """One embedded server over one directory: `config.xml`, `users.xml`, `data/`, `clickhouse.log`.

    `password` is the admin's; ports must be free. One process a directory: a second one refuses to start.
    """

    directory: Path
    password: str
    http_port: int
    tcp_port: int
    listen_host: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """http://user:password@host:port of the admin."""
        return f"http://{ADMIN}:{self.password}@{self.listen_host}:{self.http_port}"

    @property
    def log_file(self) -> Path:
        return self.directory / "clickhouse.log"

    def start(self, timeout: float = 30.0, output: IO[bytes] | None = None) -> None:
        """Write the configuration, start the process and wait until it answers. Raises EmbeddedServerError."""
        self._write_config()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gxy_analytics.warehouse.embedded_server", str(self.directory), "--die-with-parent"],
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,
            stderr=output or subprocess.DEVNULL,
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

    def stop(self, timeout: float = 30.0) -> None:
        """End the serving query, so that the process shuts down in order; kill it when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        try:
            self._query(KILL_SERVING_QUERY)
            self.process.wait(timeout)
        except (URLError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """kill -9, for fault tests."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _query(self, sql: str) -> bytes:
        request = Request(
            f"http://{self.listen_host}:{self.http_port}/",
            data=sql.encode(),
            headers={"X-ClickHouse-User": ADMIN, "X-ClickHouse-Key": self.password},
        )
        with urlopen(request, timeout=5) as response:  # noqa: S310
            return bytes(response.read())

    def _write_config(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        users_xml = self.directory / "users.xml"
        users_xml.touch(mode=0o600)
        users_xml.write_text(
            read_sql("gxy_analytics.warehouse", "users.xml").format(
                admin_sha256=hashlib.sha256(self.password.encode()).hexdigest(),
            )
        )
        (self.directory / "config.xml").write_text(
            read_sql("gxy_analytics.warehouse", "config.xml").format(
                listen_host=self.listen_host,
                http_port=self.http_port,
                tcp_port=self.tcp_port,
                log_dir=self.directory,
                users_xml=users_xml,
            )
        )
