"""dbt's manifest: what the graph reads the models from. `dbt parse` writes it when it is missing or older than the project.

Parsing connects to nothing. Running models belongs to the graph.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gxy_analytics.errors import GxyError
from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR
from gxy_analytics.warehouse.single_writer import exclusive

DBT_EXECUTABLE = Path(sys.executable).parent / "dbt"
SOURCES = ("models", "macros", "seeds", "tests", "snapshots", "dbt_project.yml", "profiles.yml")


class ManifestError(GxyError):
    """The dbt project cannot be parsed."""


def prepared_manifest(project: Path = DBT_PROJECT_DIR) -> Path:
    """Return the manifest of `project`, parsed now if it is missing or out of date. Raises ManifestError.

    A lock file makes one of several processes that start at once parse it, and the others wait.
    """
    target = project / "target"
    manifest = target / "manifest.json"
    if is_current(manifest, project):
        return manifest
    with exclusive(target / ".parse.lock"):
        if not is_current(manifest, project):
            _parse(project)
    return manifest


def is_current(manifest: Path, project: Path) -> bool:
    """Whether the manifest is there and nothing of the project changed after it was written."""
    if not manifest.exists():
        return False
    written = manifest.stat().st_mtime
    return all(path.stat().st_mtime <= written for path in _sources(project))


def _sources(project: Path) -> Iterator[Path]:
    for name in SOURCES:
        path = project / name
        yield from [path] if path.is_file() else path.rglob("*")


def _parse(project: Path) -> None:
    done = subprocess.run(
        [str(DBT_EXECUTABLE), "--no-use-colors", "--quiet", "parse", "--profiles-dir", str(project)],
        cwd=project,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ManifestError(f"`dbt parse` failed in {project}: {(done.stdout + done.stderr).strip()}")
