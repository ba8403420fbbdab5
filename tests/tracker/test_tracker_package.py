"""The npm package: its own tests, its size, its lock. What a browser sends with it is in `test_shop_recorded.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.tracker.node_project import STOREFRONT, TRACKER, npm

BLOCKED = re.compile(r"track|analytic|collect|stat(s|istic)|pixel|beacon|telemetr", re.IGNORECASE)


def test_the_packages_own_tests_pass(tracker: Path) -> None:
    npm(tracker, "test")


def test_the_types_hold_for_sources_and_tests(tracker: Path) -> None:
    npm(tracker, "run", "types")


def test_the_layer_adds_less_than_15_kb_gzip_to_snowplows_core(tracker: Path) -> None:
    sizes = json.loads(npm(tracker, "run", "size", "--silent", "--", "--json"))
    assert 10_000 < sizes["core"] < sizes["layer"]
    assert sizes["beyond"] <= sizes["limit"] == 15_000


def test_there_is_esm_with_types_and_one_script_file_with_its_licences(tracker: Path) -> None:
    exports = json.loads((tracker / "package.json").read_text())["exports"]
    for entry in (exports["."], exports["./vue"]):
        assert all((tracker / path).exists() for path in entry.values())
    script = (tracker / exports["./gxy.js"]).read_text()
    assert "var gxy=" in script
    assert "import" not in re.findall(r"^\s*(import)\b", script, re.MULTILINE)
    assert "BSD-3-Clause" in script[:400]


def test_no_name_that_a_browser_fetches_or_posts_to_is_one_that_blockers_know(storefront: Path) -> None:
    names = [path.name for path in storefront.rglob("*") if path.is_file()] + ["gxy.js", "/s/a-public-key/tp2"]
    assert [name for name in names if BLOCKED.search(name)] == []


@pytest.mark.parametrize("project", [TRACKER, STOREFRONT], ids=lambda path: path.name)
def test_the_lock_pins_versions_and_hashes_and_names_no_registry(project: Path) -> None:
    lock = json.loads((project / "package-lock.json").read_text())
    manifest = json.loads((project / "package.json").read_text())
    for name, package in lock["packages"].items():
        assert not str(package.get("resolved", "")).startswith("http"), name
        assert "integrity" in package or package.get("link") or not name.startswith("node_modules"), name
    asked = manifest.get("dependencies", {}) | manifest.get("devDependencies", {})
    assert [version for version in asked.values() if not re.fullmatch(r"\d+\.\d+\.\d+|file:.*", version)] == []
