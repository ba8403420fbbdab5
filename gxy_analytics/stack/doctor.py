"""`gxy doctor`'s questions: each looks at one thing and returns findings with a remedy. Nothing is changed.

Printing them belongs to `commands`; the small probes to `probes`.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from gxy_analytics.errors import GxyError, SourceUnreachableError
from gxy_analytics.extraction.connections import connect_oltp
from gxy_analytics.settings import ROLE_URLS, Settings
from gxy_analytics.stack import probes
from gxy_analytics.stack.sockets import PortTakenError, claim
from gxy_analytics.stack_file import read_stack_file
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.migrations import load_migrations

GIB = 2**30
WARN_FREE_BYTES = 5 * GIB
FAIL_FREE_BYTES = GIB
WARN_LAG_SECONDS = 60.0
SUPPORTED_PYTHON = ((3, 11), (3, 14))


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One answer: what was looked at, how it is, and what to do about it."""

    check: str
    level: Level
    found: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        return {**asdict(self), "level": self.level.value}


def examine(settings: Settings) -> list[Finding]:
    """Ask every question about the stack that `settings` describe. An unreachable server is a finding, not an error."""
    stack = read_stack_file(settings.data_dir)
    pids = stack.pids if stack else {}
    questions = (
        python_version(),
        data_directory(settings),
        secrets(settings),
        processes(settings, pids),
        ports(settings, pids),
        clickhouse(settings),
        roles(settings),
        oltp(settings),
        ingest(settings),
        loader(settings),
        dagster(settings),
    )
    return [finding for question in questions for finding in question]


def python_version() -> Iterator[Finding]:
    """Is this Python one the project supports?"""
    found = ".".join(map(str, sys.version_info[:3]))
    low, high = SUPPORTED_PYTHON
    if low <= sys.version_info[:2] < high:
        yield Finding("python", Level.OK, found)
    else:
        yield Finding("python", Level.FAIL, found, "install Python 3.11, 3.12 or 3.13 and run `make clean`, then `make up`.")


def data_directory(settings: Settings) -> Iterator[Finding]:
    """Can the state be written, and is there room for it?"""
    existing = settings.data_dir
    while not existing.exists():
        existing = existing.parent
    if not os.access(existing, os.W_OK):
        yield Finding("data directory", Level.FAIL, f"{existing} is not writable", "choose another with GXY_DATA_DIR.")
        return
    free = shutil.disk_usage(existing).free
    level = Level.FAIL if free < FAIL_FREE_BYTES else Level.WARN if free < WARN_FREE_BYTES else Level.OK
    remedy = "" if level is Level.OK else "free disk space, or move the data directory with GXY_DATA_DIR."
    yield Finding("data directory", level, f"{settings.data_dir}, {free / GIB:.1f} GiB free", remedy)


def secrets(settings: Settings) -> Iterator[Finding]:
    """Is each secret there and for its owner only?"""
    key = settings.master_key_path
    if not key.exists() and settings.master_key is None:
        yield Finding(
            "master key", Level.WARN, f"{key} does not exist", "the first `gxy up` makes one; elsewhere copy yours there."
        )
    for path in sorted({key, *(settings.secrets_dir.glob("*") if settings.secrets_dir.is_dir() else ())}):
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Finding(
                "secret", Level.FAIL, f"{path} has mode {mode:04o}", f"chmod 600 {path}, and replace it if others read it."
            )
        else:
            yield Finding("secret", Level.OK, f"{path.name} has mode {mode:04o}")


def processes(settings: Settings, pids: dict[str, int]) -> Iterator[Finding]:
    """Does each process of the stack live?"""
    if not pids or not probes.is_alive(pids["gxy"]):
        yield Finding("stack", Level.WARN, f"no stack runs on {settings.data_dir}", "start one with `gxy up`.")
        return
    for name, pid in pids.items():
        if probes.is_alive(pid):
            yield Finding(name, Level.OK, f"pid {pid}")
        else:
            log = settings.data_dir / "logs" / f"{name}.log"
            yield Finding(name, Level.FAIL, f"pid {pid} has ended", f"`gxy up` restarts it; if it does not stay up read {log}.")


def ports(settings: Settings, pids: dict[str, int]) -> Iterator[Finding]:
    """While no stack runs: could one listen where the settings say?"""
    if pids and probes.is_alive(pids["gxy"]):
        return
    wanted = {"ingest": (settings.ingest_port, "GXY_INGEST_PORT"), "dagster": (settings.dagster_port, "GXY_DAGSTER_PORT")}
    if settings.clickhouse_url is None:
        wanted["clickhouse"] = (settings.clickhouse_http_port, "GXY_CLICKHOUSE_HTTP_PORT")
        wanted["clickhouse native"] = (settings.clickhouse_tcp_port, "GXY_CLICKHOUSE_TCP_PORT")
    for what, (port, setting) in wanted.items():
        try:
            claim(settings.listen_host, port, what, setting)
        except PortTakenError:
            yield Finding("port", Level.WARN, f"{port} for {what} is taken", f"set {setting}, or use `gxy up --port-base N`.")
        else:
            yield Finding("port", Level.OK, f"{port} for {what} is free")


def clickhouse(settings: Settings) -> Iterator[Finding]:
    """Does ClickHouse answer, and is its schema this version's?"""
    if settings.clickhouse_url is None:
        return
    try:
        with connect(settings.clickhouse_url, purpose="doctor") as client:
            yield Finding("clickhouse", Level.OK, f"version {client.server_version}")
            yield schema(client)
    except (SourceUnreachableError, ClickHouseError) as error:
        yield Finding("clickhouse", Level.FAIL, str(error).split("\n", 1)[0], "start it, or correct GXY_CLICKHOUSE_URL.")


def roles(settings: Settings) -> Iterator[Finding]:
    """Does ClickHouse take the login of each role that has a URL?"""
    given = {name: url for name in ROLE_URLS if (url := getattr(settings, name))}
    refused = False
    for name, url in given.items():
        try:
            connect(url, purpose="doctor").close()
        except (SourceUnreachableError, ClickHouseError) as error:
            refused = True
            said = f"{name.removesuffix('_clickhouse_url')}: " + str(error).split("\n", 1)[0]
            remedy = f"`gxy access apply` where the administrator's URL is set, or correct GXY_{name.upper()}: `gxy access urls`."
            yield Finding("clickhouse role", Level.FAIL, said, remedy)
    if given and not refused:
        yield Finding("clickhouse roles", Level.OK, f"{len(given)} log in")


def schema(client: Client) -> Finding:
    """Is every schema file applied?"""
    known = client.query("select count() from system.tables where database = 'governance' and name = 'schema_migrations'")
    applied = 0
    if known.first_row[0]:
        applied = client.query("select max(version) from governance.schema_migrations").first_row[0]
    newest = load_migrations()[-1].version
    if applied == newest:
        return Finding("schema", Level.OK, f"version {applied}")
    if applied > newest:
        return Finding("schema", Level.FAIL, f"version {applied} is newer than this code's {newest}", "update this installation.")
    return Finding("schema", Level.FAIL, f"version {applied}, this code has {newest}", "run `gxy migrate`.")


def oltp(settings: Settings) -> Iterator[Finding]:
    """Does the backend's database answer?"""
    if settings.oltp_url is None:
        return
    try:
        connect_oltp(settings.oltp_url).close()
    except GxyError as error:
        yield Finding("oltp", Level.FAIL, str(error), "start it, or correct GXY_OLTP_URL.")
    else:
        yield Finding("oltp", Level.OK, f"{settings.oltp_url.partition(':')[0]} answers")


def ingest(settings: Settings) -> Iterator[Finding]:
    """Does the ingest service accept events?"""
    if settings.ingest_url is None:
        return
    if probes.http_ok(f"{settings.ingest_url}/readyz"):
        yield Finding("ingest", Level.OK, f"{settings.ingest_url} accepts events")
    else:
        log = settings.data_dir / "logs" / "ingest.log"
        yield Finding("ingest", Level.FAIL, f"{settings.ingest_url}/readyz is not 200", f"is the disk full? Read {log}.")


def loader(settings: Settings) -> Iterator[Finding]:
    """Does the loader keep up with the spool?"""
    status = probes.loader_status(settings.loader_dir)
    if status is None:
        if settings.spool_dir.is_dir() and any(settings.spool_dir.glob("*/*.seg")):
            yield Finding("loader", Level.FAIL, "the spool has events and no loader ever ran", "start it: `gxy up`.")
        return
    age = time.time() - status.updated_at
    waiting = f"{status.lag_bytes / 2**20:.1f} MiB wait in the spool"
    if age > probes.STALE_STATUS_SECONDS and status.lag_bytes:
        yield Finding("loader", Level.FAIL, f"silent for {age:.0f} s, {waiting}", f"read {log_of(settings, 'loader')}.")
    elif status.clickhouse_error:
        yield Finding(
            "loader", Level.FAIL, f"{waiting}; {status.clickhouse_error}", "mend ClickHouse; the spool keeps everything."
        )
    elif status.lag_seconds > WARN_LAG_SECONDS:
        yield Finding("loader", Level.WARN, f"{status.lag_seconds:.0f} s behind, {waiting}", "it catches up, or needs more CPU.")
    else:
        yield Finding("loader", Level.OK, waiting)
    for path in status.quarantined:
        yield Finding(
            "spool", Level.FAIL, f"damaged segment {path}", "its readable records are loaded; keep it and check the disk."
        )


def dagster(settings: Settings) -> Iterator[Finding]:
    """Does the Dagster web server answer?"""
    if settings.dagster_url is None:
        return
    if probes.http_ok(f"{settings.dagster_url}/server_info"):
        yield Finding("dagster", Level.OK, f"{settings.dagster_url} answers")
    else:
        log = log_of(settings, "dagster-webserver")
        yield Finding("dagster", Level.FAIL, f"{settings.dagster_url} does not answer", f"start it with `gxy up`, or read {log}.")


def log_of(settings: Settings, name: str) -> Path:
    """The log file of a process of the stack."""
    return settings.data_dir / "logs" / f"{name}.log"
