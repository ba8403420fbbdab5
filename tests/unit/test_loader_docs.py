"""docs/reference/events.md names every column, reason and warning that the service writes, and no other."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from ingest_service.loader import bodies, clock
from ingest_service.loader.columns import RAW_EVENTS, RAW_EVENTS_REJECTED
from ingest_service.loader.quality import MISSING

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/events.md").read_text()
WORDS = set(re.findall(r"`([^`]+)`", PAGE))
SOURCES = [path for part in ("loader", "protocols") for path in sorted((ROOT / "ingest_service" / part).rglob("*.py"))]
# Which argument is the reason.
REASON_AT = {"RefusedError": 0, "UnusableEventError": 0, "Letter": 2, "reject_body": 4}
# What is passed on and not written where it is given: reasons from verdicts of the door, warnings from the clock rule.
OF_THE_HEAD = {f"{kind}_{field}" for kind, field in product(("missing", "invalid"), ("event_id", "name", "type"))}
VERDICTS = {"event_id_too_long", "name_too_long", "not_an_object", "unreadable"} | OF_THE_HEAD
REASONS = VERDICTS | bodies.WHOLE_BODY_REASONS
WARNINGS = {MISSING, clock.FUTURE_WARNING, clock.TOO_EARLY_WARNING, clock.NO_TIME_WARNING}


def table_under(heading: str) -> set[str]:
    """Codes in the first column of the table that follows a heading."""
    rows = PAGE.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    first = " ".join(re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE))
    return {code.removesuffix("<pointer>") for code in re.findall(r"`([^`]+)`", first)}


def codes_in(kind: str) -> set[str]:
    """Every code that the sources give as a `warning` or a `reason`; of one with a pointer what stands before it."""
    nodes = ((node, path) for path in SOURCES for call in calls(path) for node in coded(kind, call))
    found = {re.sub(r":/.*", ":", value_of(node, path)) for node, path in nodes}
    return {code for code in found if code and not code.endswith("_")}


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def coded(kind: str, call: ast.Call) -> list[ast.expr]:
    """The arguments of a call that are codes."""
    name = called(call.func)
    if kind == "warning":
        is_list = name in ("append", "extend") and isinstance(call.func, ast.Attribute) and called(call.func.value) == "warnings"
        return call.args[1:] if name == "warn" else call.args if is_list else []
    if name == "EventResult":
        return call.args[2:3] if called(call.args[1]) == "DROP" else []
    if name not in REASON_AT:
        return []
    return [word.value for word in call.keywords if word.arg == "reason"] or call.args[REASON_AT[name] :][:1]


def called(node: ast.expr) -> str:
    """The last name of `a.b.c` or `c`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def value_of(node: ast.expr, path: Path) -> str:
    """The code, of an f-string its beginning; empty for what is only passed on."""
    if isinstance(node, ast.GeneratorExp):
        return value_of(node.elt, path)
    if isinstance(node, ast.Call) and called(node.func) == "format" and isinstance(node.func, ast.Attribute):
        return value_of(node.func.value, path)
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return value_of(node.values[0], path)
    if isinstance(node, ast.FormattedValue):
        return value_of(node.value, path)
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    owner = (
        getattr(module, node.value.id, None) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else module
    )
    found = getattr(owner, getattr(node, "id", getattr(node, "attr", "")), "")
    return found if isinstance(found, str) else ""


@pytest.mark.parametrize("column", [*RAW_EVENTS.names, *RAW_EVENTS_REJECTED.names])
def test_every_column_is_described(column: str) -> None:
    groups = {"items": "items.*", "campaign": "campaign_*"}
    assert column in WORDS or groups.get(re.split(r"[._]", column)[0]) in WORDS


@pytest.mark.parametrize("code", sorted(codes_in("warning") | WARNINGS))
def test_every_warning_is_described(code: str) -> None:
    assert code in table_under("### Warnings")


@pytest.mark.parametrize("code", sorted(codes_in("reason") | REASONS))
def test_every_reason_is_described(code: str) -> None:
    assert code in table_under("## Dead letters")


def test_nothing_is_described_that_nothing_gives() -> None:
    assert table_under("### Warnings") <= codes_in("warning") | WARNINGS
    assert table_under("## Dead letters") <= codes_in("reason") | REASONS


def test_the_scan_finds_what_is_known_to_be_there() -> None:
    assert {"unknown_field", "unknown_event", "invalid:", "coerced:"} <= codes_in("warning")
    assert {"unknown_protocol", "id_collision", "undecodable_body"} <= codes_in("reason")
