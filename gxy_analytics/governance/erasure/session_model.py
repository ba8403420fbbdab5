"""The SQL of dbt's model fct_sessions, compiled for some days, reading the events that an erasure leaves.

So that what a session is stands in the model and nowhere else. Compiling takes about six seconds and connects to nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gxy_analytics.governance.erasure.errors import SessionModelError
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR, dbt_environment
from gxy_analytics.warehouse.manifest import DBT_EXECUTABLE
from gxy_analytics.warehouse.partitions import Window, window_vars

MODEL, EVENTS = "fct_sessions", "stg_web__events"
LEFT = "events_left"
"""What the model reads in place of the staged events."""


@dataclass(frozen=True)
class SessionModel:
    """Columns of the table, and the query that computes them from LEFT."""

    columns: str
    sql: str


def sessions_of(window: Window, settings: Settings) -> SessionModel:
    """The model for the days of `window`. Raises SessionModelError."""
    nodes = _compiled(window, settings)
    model, events = nodes[MODEL], nodes[EVENTS]["relation_name"]
    sql = model["compiled_code"]
    if events not in sql:
        raise SessionModelError(f"The model {MODEL} does not read {events}: correct what session_model.py puts in its place.")
    return SessionModel(", ".join(model["columns"]), sql.replace(events, LEFT))


def _compiled(window: Window, settings: Settings) -> dict[str, dict[str, Any]]:
    """Models of the project by name, with MODEL compiled."""
    project = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    with tempfile.TemporaryDirectory() as directory:
        outputs = ["--target-path", directory, "--log-path", directory]
        chosen = ["--no-introspect", "--select", MODEL, "--vars", json.dumps(window_vars(window))]
        done = subprocess.run(
            [str(DBT_EXECUTABLE), "--quiet", "--no-populate-cache", "compile", *project, *outputs, *chosen],
            env={**os.environ, **dbt_environment(settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SessionModelError(
                f"dbt could not compile {MODEL}, without which sessions shared with the person cannot be counted again: "
                f"correct the project, then `gxy erase retry`. It says: {(done.stdout + done.stderr).strip()}"
            )
        nodes = json.loads((Path(directory) / "manifest.json").read_text())["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}
