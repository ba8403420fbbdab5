"""A whole stack as one object: `with Stack(settings) as stack: ...` starts it, watches it, and stops it in order.

Which processes it has belongs to `processes`, how each is kept running to `supervisor`, the command line to `commands`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.access.access import open_access
from gxy_analytics.governance.access.embedded import write_first
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.settings import CLICKHOUSE_ROLES, ROLE_URLS, Settings, require
from gxy_analytics.stack import processes
from gxy_analytics.stack.dagster_api import cancel_orphans, definition_errors
from gxy_analytics.stack.lock import StackLock
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.stack.process import ProcessSpec
from gxy_analytics.stack.secrets import CLICKHOUSE_ADMIN_PASSWORD, make_private, read_or_create_password
from gxy_analytics.stack.sockets import without_credentials
from gxy_analytics.stack.supervisor import Report, Supervisor
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse, access_file
from gxy_analytics.warehouse.migrations import migrate

PARTS = ("clickhouse", "postgres", "loader", "ingest", "dagster")
ADDRESSES = ("clickhouse_url", *ROLE_URLS, "oltp_url", "ingest_url", "dagster_url")
# Events as they were sent, databases, logs: for their owner only. (PostgreSQL keeps its own directory so.)
PRIVATE_DIRECTORIES = ("clickhouse", "dagster", "ingest", "loader", "logs", "run", "secrets", "spool")
WATCH_SECONDS = 0.2


def stack_settings(*, port_base: int | None = None, **overrides: Any) -> Settings:
    """Settings of a stack that is to be started: arguments, environment, defaults, but no other stack's addresses.

    `port_base` N gives ClickHouse N (HTTP) and N+1 (native), ingest N+2 and Dagster N+3. None overrides nothing.
    """
    names = ("clickhouse_http_port", "clickhouse_tcp_port", "ingest_port", "dagster_port")
    ports: dict[str, Any] = {name: port_base + offset for offset, name in enumerate(names)} if port_base is not None else {}
    return Settings.read(**ports, **{name: value for name, value in overrides.items() if value is not None})


def without(environment: Mapping[str, str], fields: Iterable[str]) -> dict[str, str]:
    """The environment without these settings."""
    names = {f"GXY_{field.upper()}" for field in fields}
    return {name: value for name, value in environment.items() if name not in names}


def silent(name: str, what: str) -> None:
    """The report of a stack that nobody listens to."""


class Stack:
    """One stack over one data directory. `settings` has every address from construction on; those of the roles when it started.

    `without` names PARTS to leave out. `report(name, what)` is told what happens, from the caller's thread while starting
    and stopping and from a watching thread in between. An embedded server whose URL the settings already have is not started.
    """

    def __init__(self, settings: Settings, *, without: Collection[str] = (), report: Report = silent) -> None:
        self._report = report
        self._without = frozenset(without)
        settings = settings.model_copy(update={"data_dir": settings.data_dir.resolve()})
        self._embeds_clickhouse = settings.clickhouse_url is None and "clickhouse" not in self._without
        self._embeds_oltp = settings.oltp_url is None and "postgres" not in self._without
        self._lock = StackLock(settings.data_dir)
        self._clickhouse = EmbeddedClickHouse(
            settings.data_dir / "clickhouse",
            read_or_create_password(settings.secrets_dir, CLICKHOUSE_ADMIN_PASSWORD),
            settings.clickhouse_http_port,
            settings.clickhouse_tcp_port,
            settings.listen_host,
            self._log_dir(settings),
        )
        self._postgres = EmbeddedPostgres(settings.data_dir / "postgres")
        self.settings = self._with_addresses(settings)
        self._supervisor = Supervisor(self._specs(), self._log_dir(settings), report)
        self._has_opened_logins = False
        self._wrote_first_users = False
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._watcher: Future[None] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def was_up(self) -> bool:
        """Whether all of it was ready once."""
        return self._watcher is not None

    @property
    def pids(self) -> dict[str, int]:
        """Name to pid of the processes that run now."""
        return self._supervisor.pids

    def start(self) -> None:
        """Start everything and return when all of it is ready; on any failure stop what was started and raise.

        Call it from a thread that lives as long as the stack: the kernel ends the children with their launcher.
        Raises StackRunsError, PortTakenError, ProcessFailedError, SourceUnreachableError, and what migrations raise.
        """
        for name in PRIVATE_DIRECTORIES:
            make_private(self.settings.data_dir / name)
        self._lock.acquire()
        try:
            load_key_ring(self.settings, create=self._owns_master_key())
            self._supervisor.claim_ports(self.settings.listen_host)
            if not self._embeds_clickhouse and self.settings.clickhouse_url:
                self._migrate_external()
            self._supervisor.start()
            self._publish()
            # A daemon: whatever interrupts this, the interpreter does not wait for it at its end.
            watcher = Future[None]()
            threading.Thread(target=self._watch_into, args=(watcher,), name="gxy-stack", daemon=True).start()
            self._watcher = watcher
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Block until `stop` is called elsewhere or a signal raises; what breaks the watching thread is raised here."""
        while not self._stopping.wait(0.5):
            if self._watcher is not None and self._watcher.done():
                self._watcher.result()

    def stop(self) -> None:
        """Stop all in reverse order, wait for it, and give the data directory free. Another Ctrl-C kills at once."""
        try:
            is_first = not self._stopping.is_set()
            self._stopping.set()
            if is_first and self._supervisor.pids:
                what = "ingest drains, the loader empties the spool" if self.was_up else "what had been started"
                self._report("gxy", f"stopping: {what}")
            if self._watcher is not None and not self._watcher.done():
                self._watcher.exception()
            self._supervisor.stop()
        except KeyboardInterrupt:
            self._report("gxy", "interrupted again: killing what still runs (what was accepted is on disk)")
            self._supervisor.kill()
        finally:
            self._lock.release()
            self._stopped.set()

    def _watch_into(self, outcome: Future[None]) -> None:
        """Watch; what breaks it goes to whoever waits."""
        try:
            self._watch()
        except BaseException as error:  # noqa: BLE001 - nothing is hidden: `wait` raises it
            outcome.set_exception(error)
        else:
            outcome.set_result(None)
        # With this thread the kernel would end what it has started again, before the loader has emptied the spool.
        self._stopped.wait()

    def _watch(self) -> None:
        known = self._supervisor.pids
        while not self._stopping.wait(WATCH_SECONDS):
            self._supervisor.step()
            if self._supervisor.pids != known:
                known = self._supervisor.pids
                self._publish()

    def _publish(self) -> None:
        values = {name: getattr(self.settings, name) for name in ADDRESSES}
        addresses = {name: value for name, value in values.items() if value}
        self._lock.publish(addresses, self._supervisor.pids, self._supervisor.deaths)

    def _with_addresses(self, settings: Settings) -> Settings:
        served = processes.addresses(settings)
        update: dict[str, str | Path | None] = {}
        if self._embeds_clickhouse:
            update |= {**dict.fromkeys(ROLE_URLS), "clickhouse_url": self._clickhouse.url}
        if self._embeds_oltp:
            update["oltp_url"] = self._postgres.url
        if "ingest" not in self._without:
            update["ingest_url"] = served["ingest_url"]
        if "dagster" not in self._without:
            update["dagster_url"] = served["dagster_url"]
        return settings.model_copy(update=update)

    def _specs(self) -> list[ProcessSpec]:
        env = processes.child_environment(self.settings)
        of_ingest = without(env, ROLE_URLS)
        # Who opens and closes logins finds the embedded server's administrator in run/stack.json.
        of_dagster = without(env, ["clickhouse_url"]) if self._embeds_clickhouse else env
        specs = []
        if self._embeds_clickhouse:
            specs.append(processes.clickhouse(self._clickhouse, env, self._prepare_clickhouse, self._logins_are_open))
        if self._embeds_oltp:
            specs.append(processes.postgres(self._postgres, env))
        if "loader" not in self._without:
            specs.append(processes.loader(self.settings, of_ingest, self._as_ingest))
        if "ingest" not in self._without:
            specs.append(processes.ingest(self.settings, of_ingest, self._as_ingest))
        if "dagster" not in self._without:
            specs.extend(processes.dagster(self.settings, of_dagster, self._open_dagster, self._as_roles))
        return specs

    def _owns_master_key(self) -> bool:
        """Whether the key is this data directory's own; a key from elsewhere is never generated."""
        return self.settings.master_key_path.parent.resolve() == self.settings.secrets_dir

    def _migrate(self) -> None:
        with connect(require(self.settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="up") as client:
            applied = migrate(client, self.settings)
        self._report("migrations", f"{len(applied)} applied" if applied else "schema is up to date")

    def _migrate_external(self) -> None:
        try:
            self._migrate()
        except SourceUnreachableError as error:
            host = without_credentials(self.settings.clickhouse_url)
            raise SourceUnreachableError(
                f"GXY_CLICKHOUSE_URL is set, and nothing answers at {host}: start that server, "
                "or unset GXY_CLICKHOUSE_URL and `gxy up` starts its own."
            ) from error

    def _prepare_clickhouse(self) -> None:
        """Configuration, and before the first start the users that the stack's own processes work as."""
        self._clickhouse.prepare()
        written = write_first(access_file(self._clickhouse.directory), load_key_ring(self.settings).root)
        self._wrote_first_users = written or self._wrote_first_users

    def _as_ingest(self) -> dict[str, str]:
        """Ingest service and loader know one user: that of their role; with a server that is given, the one that is given."""
        url = self.settings.ingest_clickhouse_url or self.settings.clickhouse_url
        return {"GXY_CLICKHOUSE_URL": url} if url else {}

    def _as_roles(self) -> dict[str, str]:
        """The graph works as the users of several roles."""
        urls = {name: getattr(self.settings, name) for name in ROLE_URLS if name != "ingest_clickhouse_url"}
        return {f"GXY_{name.upper()}": url for name, url in urls.items() if url}

    def _logins_are_open(self) -> bool:
        """Whether the server that answers knows every user. If not, it is told to start again."""
        if self._has_opened_logins:
            return True
        self._migrate()
        with open_access(self.settings) as access:
            if self._wrote_first_users:
                access.record_first()
            lacking = access.write_for_next_start()
            urls = {f"{role}_clickhouse_url": access.role_url(role) for role in CLICKHOUSE_ROLES}
        self.settings = self.settings.model_copy(update=urls)
        self._has_opened_logins = True
        if lacking.is_empty:
            return True
        self._report("access", f"{len(lacking.added)} added, {len(lacking.changed)} changed, {len(lacking.removed)} removed")
        self._clickhouse.end_serving()
        return False

    def _open_dagster(self) -> None:
        url = require(self.settings.dagster_url, "DAGSTER_URL")
        ended = cancel_orphans(url, before=time.time())
        if ended:
            self._report("dagster-webserver", f"{ended} unfinished runs of an earlier life marked as cancelled")
        for line in definition_errors(url):
            self._report("dagster-code", f"definitions do not load: {line}")

    @staticmethod
    def _log_dir(settings: Settings) -> Path:
        return settings.data_dir / "logs"
