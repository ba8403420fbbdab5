"""The report explains every table that erasure treats as holding a person, and tells what is done there as it is."""

from __future__ import annotations

import pytest

from gxy_analytics.governance.erasure.registry import Table, load_registry
from gxy_analytics.governance.privacy_report.catalogue import explained_tables, texts, unsearched
from gxy_analytics.governance.retention.rules import rules

NOBODY = {
    "governance.tenant_removals": "about a shop that left, not about its customers",
    "system.query_log": "addresses of the platform's own clients; queries of people are by hash",
}
"""Tables that erasure leaves as they are, for a reason, and that hold nothing about a customer."""
EXPLAINED = explained_tables()
REGISTRY = {table.name: table for table in load_registry().tables}
WITH_PEOPLE = [table for table in REGISTRY.values() if table.treatment != "anonymous" and table.name not in NOBODY]
GOES = ("delete", "sessions", "letters")


def test_every_table_that_erasure_knows_people_in_is_explained_and_no_other() -> None:
    assert {table.name for table in WITH_PEOPLE} == set(EXPLAINED) | (set(unsearched()) & set(REGISTRY))


@pytest.mark.parametrize("table", [table for table in WITH_PEOPLE if table.name in EXPLAINED], ids=lambda table: table.name)
def test_a_person_is_found_in_a_table_by_everything_that_erasure_finds_her_by(table: Table) -> None:
    by = EXPLAINED[table.name].by
    assert "customer" in by or "key" in by or not table.customer
    assert "browser" in by or not table.anonymous
    assert {"customer", "order"} & set(by) or not table.by_orders


@pytest.mark.parametrize("name", EXPLAINED)
def test_what_an_erasure_does_is_told_as_it_is(name: str) -> None:
    said, treatment = EXPLAINED[name], REGISTRY[name].treatment
    assert said.erasure.startswith("Deleted" if treatment in GOES else "Kept")
    assert (said.section != "copies" and said.erasure.startswith("Kept")) == bool(said.basis)


@pytest.mark.parametrize("name", EXPLAINED)
def test_every_word_that_a_table_uses_is_there(name: str) -> None:
    said, words = EXPLAINED[name], texts()
    assert said.section in words["sections"] and said.source in words["sources"]
    assert said.purposes and set(said.purposes) <= set(words["purposes"])
    assert said.title and said.what.endswith(".") and all(said.omit.values())
    assert said.kept_rule in {"", *(rule.name for rule in rules() if rule.has_period)}
    assert ("{period}" in said.kept) == bool(said.kept_rule)
