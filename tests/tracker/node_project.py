"""An npm project of this repository, installed and built as often as its files ask for and no more.

What the packages must do is in the tests beside this; nothing here knows the tracker.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRACKER = ROOT / "tracker"
STOREFRONT = ROOT / "examples" / "storefront"
NODE_MAJOR = 20
SOURCES = (
    "src",
    "scripts",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "vite.config.ts",
    "index.html",
)


def require_node() -> None:
    """Skip, and say why, without a Node.js that the packages run on."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip(f"node and npm >= {NODE_MAJOR} are needed to build tracker/ and are not on the PATH")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR:
        pytest.skip(f"node >= {NODE_MAJOR} is needed to build tracker/, this is {version}")


def npm(project: Path, *words: str, **environment: str) -> str:
    """Run `npm` in `project` and return what it printed; fail with all of it."""
    done = subprocess.run(
        ["npm", *words], cwd=project, capture_output=True, text=True, env={**os.environ, **environment}, timeout=280, check=False
    )
    assert done.returncode == 0, f"npm {' '.join(words)} in {project.name}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install(project: Path) -> None:
    """`npm ci`, unless node_modules is what this lock asks for. Skip where the packages cannot be fetched."""
    lock = (project / "package-lock.json").read_bytes()
    stamp = project / "node_modules" / ".installed"
    mark = hashlib.sha256(lock).hexdigest()
    with _alone(project):
        if stamp.exists() and stamp.read_text() == mark:
            return
        done = subprocess.run(["npm", "ci"], cwd=project, capture_output=True, text=True, timeout=280, check=False)
        if done.returncode and any(word in done.stderr for word in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT")):
            pytest.skip(f"npm ci in {project.name} found no registry")
        assert done.returncode == 0, done.stderr
        stamp.write_text(mark)


def build(project: Path, *, using: Path | None = None, **environment: str) -> Path:
    """`npm run build`, unless dist/ is of these sources and this environment; return dist/. `using` is a project it contains."""
    mark = _mark_of(project, repr(sorted(environment.items())) + (_mark_of(using) if using else ""))
    stamp = project / "node_modules" / ".built"
    with _alone(project):
        if not (stamp.exists() and stamp.read_text() == mark and (project / "dist").exists()):
            npm(project, "run", "build", **environment)
            stamp.write_text(mark)
    return project / "dist"


def _mark_of(project: Path, more: str = "") -> str:
    digest = hashlib.sha256(more.encode())
    for name in SOURCES:
        path = project / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone(project: Path) -> Iterator[None]:
    """One process at a time: several test runs may share the folder."""
    name = hashlib.sha256(str(project).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"gxy-npm-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
