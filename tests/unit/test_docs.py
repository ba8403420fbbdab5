"""The documentation says what is true of this tree: settings, commands, links, paths, columns."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from gxy_analytics.settings import Settings

ROOT = Path(__file__).parents[2]
OURS = [
    ROOT / "README.md",
    ROOT / "docs" / "README.md",
    ROOT / "docs" / "tutorial.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]
PAGES = pytest.mark.parametrize("page", OURS, ids=[path.name for path in OURS])
CODE = re.compile(r"`([^`]+)`|^ {4}(.+)$", re.MULTILINE)


def code_of(page: Path) -> list[str]:
    """Every piece of code on a page: inline, and indented lines."""
    return [inline or block for inline, block in CODE.findall(page.read_text())]


def test_the_configuration_table_has_every_setting_and_no_other() -> None:
    table = set(re.findall(r"`GXY_([A-Z_]+)`", (ROOT / "README.md").read_text()))
    assert table == {name.upper() for name in Settings.model_fields}


def test_the_configuration_table_has_the_defaults() -> None:
    rows = dict(re.findall(r"^\| `GXY_([A-Z_]+)` \| `?([^`|]+?)`? \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    for name, default in rows.items():
        actual = Settings.model_fields[name.lower()].default
        assert str(actual) == default or actual is None, name


@PAGES
def test_every_command_and_option_exists(page: Path) -> None:
    commands = {point.name: point for point in entry_points(group="gxy.commands")}
    for code in code_of(page):
        for name, rest in re.findall(r"\bgxy ([a-z]+)((?: [^`#;]*)?)", code):
            assert name in commands, f"{page.name}: gxy {name}"
            command = commands[name].load()
            words = rest.split()
            if isinstance(command, click.Group) and words and not words[0].startswith("-"):
                names = words[0].split("\\|") if "\\|" in words[0] else words[0].split("|")
                assert set(names) <= set(command.commands), f"{page.name}: gxy {name} {words[0]}"
                command = command.commands[names[0]]
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in words if re.fullmatch(r"--[a-z-]+", word)} <= known, f"{page.name}: gxy {name}{rest}"


def test_every_command_that_a_message_names_exists() -> None:
    commands = {point.name: point for point in entry_points(group="gxy.commands")}
    for package in ("gxy_analytics", "assets", "ingest_service"):
        for module in (ROOT / package).rglob("*.py"):
            for name, word in re.findall(r"`gxy ([a-z]+)(?: ([a-z][a-z-]*))?", module.read_text()):
                assert name in commands, f"{module.name}: gxy {name}"
                command = commands[name].load()
                assert not word or not isinstance(command, click.Group) or word in command.commands, (
                    f"{module.name}: gxy {name} {word}"
                )


@PAGES
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@PAGES
def test_every_path_that_is_named_exists(page: Path) -> None:
    for code in code_of(page):
        for path in re.findall(r"\b(?:gxy_analytics|assets|ingest_service|dbt|docker|tests|benchmarks)/[\w./-]+", code):
            assert (ROOT / path).exists(), f"{page.name}: {path}"


def test_the_map_of_the_tree_is_the_tree() -> None:
    text = (ROOT / "README.md").read_text()
    tree = text[text.index("## Map of the tree") : text.index("Imports point one way")]
    parent = ROOT
    for indent, name in re.findall(r"^( {4,6})([\w-]+)/ ", tree, re.MULTILINE):
        parent = ROOT if len(indent) == 4 else parent
        assert (parent / name).is_dir(), name
        parent = parent / name if len(indent) == 4 else parent


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in OURS:
        for code in code_of(page):
            if code.startswith("make "):
                words = [word for word in re.sub(r'".*"', "", code.split("#")[0]).split()[1:] if re.fullmatch(r"[a-z-]+", word)]
                assert set(words) <= targets, f"{page.name}: {code}"
