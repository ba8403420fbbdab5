"""The declared list: which processes make up a stack, how each is started, when it is ready and how it stops.

Keeping them running belongs to `supervisor`; locks, files and settings to `stack`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping

from gxy_analytics.settings import Settings
from gxy_analytics.stack import dagster_home, probes
from gxy_analytics.stack.dagster_api import last_heartbeat
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.stack.process import Port, ProcessSpec
from gxy_analytics.stack.sockets import reachable_host
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse

LateEnv = Callable[[], Mapping[str, str]]


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of every child: this process's, with this stack's settings and telemetry off."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GXY_")}
    return {
        **inherited,
        **settings.as_env(),
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "true",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUNBUFFERED": "1",
    }


def clickhouse(
    server: EmbeddedClickHouse, env: dict[str, str], prepare: Callable[[], None], is_prepared: Callable[[], bool]
) -> ProcessSpec:
    """The embedded ClickHouse. Once it answers, `is_prepared` brings the schema up to date, or asks it to start again."""
    return ProcessSpec(
        name="clickhouse",
        argv=server.argv,
        env=env,
        prepare=prepare,
        ready=lambda _pid: server.answers() and is_prepared(),
        request_stop=server.end_serving,
        ended_as_asked=server.ended_as_asked,
        ports=(
            Port(server.http_port, "ClickHouse (HTTP)", "GXY_CLICKHOUSE_HTTP_PORT"),
            Port(server.tcp_port, "ClickHouse (native)", "GXY_CLICKHOUSE_TCP_PORT"),
        ),
        stop_timeout=30,
    )


def postgres(server: EmbeddedPostgres, env: dict[str, str]) -> ProcessSpec:
    """The embedded PostgreSQL with the backend's schema. SIGINT is its fast shutdown, also when the supervisor dies."""
    return ProcessSpec(
        name="postgres",
        argv=server.argv,
        env=env,
        user=server.system_user,
        prepare=server.prepare,
        ready=lambda _pid: server.answers(),
        on_ready=server.create_schema,
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT,
        stop_timeout=30,
    )


def loader(settings: Settings, env: dict[str, str], late_env: LateEnv = dict) -> ProcessSpec:
    """The loader. It stops after ingest, once the spool is empty or ClickHouse refuses; the rest waits in the spool."""

    def ready(pid: int) -> bool:
        status = probes.loader_status(settings.loader_dir)
        return status is not None and status.pid == pid

    def drained(since: float) -> bool:
        status = probes.loader_status(settings.loader_dir)
        if status is None or status.updated_at < since:
            return False
        return status.lag_bytes == 0 or status.clickhouse_error is not None

    return ProcessSpec(
        name="loader",
        argv=(sys.executable, "-m", "ingest_service.loader"),
        env=env,
        late_env=late_env,
        after=("clickhouse",),
        ready=ready,
        drained=drained,
    )


def ingest(settings: Settings, env: dict[str, str], late_env: LateEnv = dict) -> ProcessSpec:
    """The ingest service with its workers."""
    return ProcessSpec(
        name="ingest",
        argv=(sys.executable, "-m", "ingest_service"),
        env=env,
        late_env=late_env,
        after=("clickhouse", "loader"),
        ready=lambda _pid: probes.http_ok(f"{settings.ingest_url}/readyz"),
        ports=(Port(settings.ingest_port, "the ingest service", "GXY_INGEST_PORT"),),
        stop_timeout=20,
    )


def dagster(settings: Settings, env: dict[str, str], on_open: Callable[[], None], late_env: LateEnv = dict) -> list[ProcessSpec]:
    """One code server, shared by the web server and the daemon: the definitions are loaded once, and runs are its children."""
    home = settings.dagster_home
    socket = dagster_home.code_socket(home)
    workspace = str(dagster_home.workspace_file(home))
    host, port = settings.listen_host, str(settings.dagster_port)
    python, url = (sys.executable, "-m"), str(settings.dagster_url)
    code = ProcessSpec(
        name="dagster-code",
        argv=(*python, "dagster", "code-server", "start", "-s", str(socket), "-m", dagster_home.MODULE),
        env=env,
        late_env=late_env,
        after=("clickhouse", "postgres"),
        prepare=lambda: dagster_home.write_dagster_home(home),
        ready=lambda _pid: probes.socket_accepts(socket),
        start_timeout=180,
    )
    webserver = ProcessSpec(
        name="dagster-webserver",
        argv=(*python, "dagster_webserver", "-h", host, "-p", port, "-w", workspace),
        env=env,
        after=("dagster-code",),
        ready=lambda _pid: probes.http_ok(f"{url}/server_info"),
        on_ready=on_open,
        ports=(Port(settings.dagster_port, "the Dagster UI", "GXY_DAGSTER_PORT"),),
        start_timeout=180,
    )
    daemon = ProcessSpec(
        name="dagster-daemon",
        argv=(*python, "dagster._daemon", "run", "-w", workspace),
        env=env,
        after=("dagster-code",),
        ready=lambda pid: last_heartbeat(url) > probes.started_at(pid),
        start_timeout=180,
    )
    return [code, webserver, daemon]


def addresses(settings: Settings) -> dict[str, str]:
    """Where this machine reaches the services that the stack itself runs: `ingest_url`, `dagster_url`."""
    host = reachable_host(settings.listen_host)
    return {"ingest_url": f"http://{host}:{settings.ingest_port}", "dagster_url": f"http://{host}:{settings.dagster_port}"}
