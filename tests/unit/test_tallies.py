"""What the loader counts beside its ledger: the histograms agree with counting one by one, the names are bounded."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_service.loader.tallies import MAX_CODES, OTHER, SKEW_SECONDS, Tallies, Tally, bounded


def table(skew_ms: list[int], warnings: list[list[str]]) -> pa.Table:
    return pa.table({"skew_ms": pa.array(skew_ms, pa.int64()), "warnings": pa.array(warnings, pa.list_(pa.string()))})


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e7)))
def test_a_column_is_counted_as_its_values_are(values: list[float]) -> None:
    at_once, one_by_one = Tally.empty(SKEW_SECONDS), Tally.empty(SKEW_SECONDS)
    at_once.observe_column(pa.chunked_array([pa.array(values, pa.float64())]))
    for value in values:
        one_by_one.observe(value)
    assert at_once.counts == one_by_one.counts
    assert at_once.count == len(values)


def test_a_clock_is_as_wrong_ahead_as_behind() -> None:
    tallies = Tallies()
    tallies.add_events(table([0, 0, 120_000, -120_000], [[], [], [], []]))
    assert tallies.skew_seconds.counts[:3] == [2, 0, 2]
    assert tallies.skew_seconds.sum == 240.0


def test_warnings_are_counted_by_code_without_positions() -> None:
    tallies = Tallies()
    tallies.add_events(table([0, 0], [["invalid:/items/0/price", "unknown_field"], ["invalid:/items/17/price"]]))
    assert tallies.warnings == {"invalid:/items/*/price": 2, "unknown_field": 1}


def test_a_batch_without_warnings_has_no_such_column() -> None:
    tallies = Tallies()
    tallies.add_events(pa.table({"skew_ms": pa.array([0], pa.int64())}))
    assert tallies.warnings == {}


@settings(deadline=None)
@given(st.text())
def test_a_name_that_a_client_chose_is_not_kept(text: str) -> None:
    assert set(bounded(f"{text}@Example")) <= set("abcdefghijklmnopqrstuvwxyz_:/*")


def test_there_are_never_more_codes_than_the_limit() -> None:
    tallies = Tallies()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for first in letters:
        for second in letters:
            tallies.warn(f"{first}{second}", 1)
    assert len(tallies.warnings) == MAX_CODES + 1
    assert tallies.warnings[OTHER] == 26 * 26 - MAX_CODES
