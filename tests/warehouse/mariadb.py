"""A MariaDB started by hand in a directory of its own, without a network port. What is read from it is in the tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

NEEDS_MARIADB = pytest.mark.skipif(
    shutil.which("mariadbd") is None, reason="no mariadbd here: `apt-get install mariadb-server` to test MySQL/MariaDB"
)
SCHEMA = Path(__file__).with_name("oltp_mysql.sql")


class MariaDb:
    """One server over one directory, reachable through its unix socket as `reader` with the password `secret`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "s"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mysql://reader:secret@localhost/shop?unix_socket={self.socket}"

    def start(self) -> None:
        data = self.directory / "data"
        install = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--user=root",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(install, check=True, capture_output=True, timeout=120)
        self.launch()
        with self.connect(user="root", database=None) as connection, connection.cursor() as cursor:
            cursor.execute("create database shop character set utf8mb4")
            cursor.execute("create user reader@localhost identified by 'secret'")
            cursor.execute("grant all on shop.* to reader@localhost")

    def launch(self) -> None:
        """Start the process over the existing data and wait until it answers."""
        options = [
            "--no-defaults",
            f"--datadir={self.directory / 'data'}",
            f"--socket={self.socket}",
            "--skip-networking",
            "--user=root",
        ]
        options += [
            f"--pid-file={self.directory / 'pid'}",
            f"--log-error={self.directory / 'log'}",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        self.process = subprocess.Popen(["mariadbd", *options])
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect(user="root", database=None).close()
                return
            except pymysql.err.OperationalError:
                assert self.process.poll() is None, (self.directory / "log").read_text()
                assert time.monotonic() < deadline, "MariaDB did not answer within 60 s"
                time.sleep(0.1)

    def reset(self) -> None:
        """An empty schema."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("drop database shop")
            cursor.execute("create database shop character set utf8mb4")
        with self.connect() as connection:
            run(connection, SCHEMA.read_text())

    def connect(self, user: str = "reader", database: str | None = "shop") -> pymysql.connections.Connection:
        password = "secret" if user == "reader" else ""
        return pymysql.connect(unix_socket=str(self.socket), user=user, password=password, database=database, autocommit=True)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)


@contextmanager
def running_mariadb() -> Iterator[MariaDb]:
    """A server with an empty shop, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="gxy-mariadb-") as directory:
        server = MariaDb(Path(directory))
        server.start()
        try:
            server.reset()
            yield server
        finally:
            server.stop()


def run(connection: pymysql.connections.Connection, script: str) -> None:
    """Run the statements of a script, one by one."""
    with connection.cursor() as cursor:
        for statement in script.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
