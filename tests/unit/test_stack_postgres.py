"""The embedded PostgreSQL after crashes: a stale server, a stale pid file, half an initdb."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.stack.probes import is_alive


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Outside pytest's own directory, which another pytest closes to PostgreSQL's account."""
    with TemporaryDirectory(prefix="gxy-pg-") as root:
        (Path(root) / "pg.new").mkdir()
        (Path(root) / "pg.new" / "PG_VERSION").write_text("an initdb that was killed")
        yield Path(root) / "pg"


def test_it_starts_over_what_a_crash_left(directory: Path) -> None:
    server = EmbeddedPostgres(directory)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute(
            "insert into tenants (slug, name, plan, country, currency, timezone, status) "
            "values ('kept', 'Kept', 'standard', 'DE', 'EUR', 'UTC', 'active')"
        )
    assert server.process is not None
    stale = server.process

    another = EmbeddedPostgres(directory)
    another.start()
    assert stale.wait(10) == 0, "the server of an earlier life was not stopped"

    assert another.process is not None
    another.process.kill()
    another.process.wait()
    pid_file = directory / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))
    assert is_alive(os.getppid())

    last = EmbeddedPostgres(directory)
    last.start()
    with psycopg.connect(last.url) as connection:
        assert connection.execute("select name from tenants where slug = 'kept'").fetchall() == [("Kept",)]
    last.stop()
    assert not pid_file.exists()
