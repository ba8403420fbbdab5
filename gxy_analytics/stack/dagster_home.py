"""What `<data_dir>/dagster` holds: `dagster.yaml`, the workspace that names the shared code server, and its socket.

Running Dagster belongs to `processes`; nothing here imports it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from gxy_analytics.stack.sockets import socket_directory
from gxy_analytics.warehouse.client import read_sql

LOCATION = "gxy_analytics"
MODULE = "gxy_analytics.definitions"
SOCKET_NAME = "code.sock"


def code_socket(dagster_home: Path) -> Path:
    """Where the one code server listens that the web server and the daemon share."""
    return socket_directory(dagster_home, SOCKET_NAME) / SOCKET_NAME


def workspace_file(dagster_home: Path) -> Path:
    return dagster_home / "workspace.yaml"


def write_dagster_home(dagster_home: Path) -> None:
    """Write the two files anew (they are ours, not the user's) and remove a socket that an earlier life left."""
    dagster_home.mkdir(parents=True, exist_ok=True)
    (dagster_home / "dagster.yaml").write_text(read_sql("gxy_analytics.stack", "dagster.yaml"))
    server = {"socket": os.fspath(code_socket(dagster_home)), "location_name": LOCATION}
    # JSON is YAML: no quoting to get wrong.
    workspace_file(dagster_home).write_text(json.dumps({"load_from": [{"grpc_server": server}]}, indent=2))
    code_socket(dagster_home).unlink(missing_ok=True)
