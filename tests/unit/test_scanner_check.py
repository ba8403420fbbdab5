"""The check shows each finding on its own database, and no build runs it."""

from __future__ import annotations

import pytest

from assets.checks.personal_data import SHOWN_ON, no_personal_data, outcome
from gxy_analytics.definitions import build_defs
from gxy_analytics.governance.scanner.finding import Finding, Place, Scan

PLACE = Place("marts", "fct_orders", "note")
SCAN = Scan(findings=[Finding(PLACE, "email", 3, "all_1_1_0:7")], columns=[PLACE, Place("raw", "events", "properties")], people=5)


def test_a_finding_fails_its_own_database_and_says_table_column_kind_and_place() -> None:
    found = outcome(SCAN, {"marts"})
    assert not found.passed
    assert "marts.fct_orders.note: email in 3 rows of the sample, one at all_1_1_0:7" in found.description
    assert found.numbers["columns"] == 1


def test_another_database_passes_and_says_how_much_was_looked_at() -> None:
    found = outcome(SCAN, {"raw"})
    assert found.passed
    assert found.numbers == {"columns": 1, "allowed": 0, "people_compared": 5}


@pytest.fixture(scope="module")
def steps() -> dict[str, set[str]]:
    """Names of the steps of each job."""
    definitions = build_defs()
    jobs = ("daily_build", "rebuild_days", "recheck", "scan_personal_data")
    return {name: {node.name for node in definitions.resolve_job_def(name).graph.nodes} for name in jobs}


def test_the_scan_has_a_job_of_its_own_and_slows_no_build(steps: dict[str, set[str]]) -> None:
    assert steps["scan_personal_data"] == {"check_personal_data"}
    assert all("check_personal_data" not in names for job, names in steps.items() if job != "scan_personal_data")
    assert "check_raw_events" in steps["daily_build"]


def test_no_asset_that_is_built_brings_the_scan_along() -> None:
    (shown_on,) = {check.asset_key for check in no_personal_data.check_keys}
    assert list(shown_on.path) == SHOWN_ON
    assert not build_defs().resolve_asset_graph().get(shown_on).is_executable
