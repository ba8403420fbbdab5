"""Converting source columns: exact where they fit, null where they do not, and never through a float."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.contracts.table_spec import Check, ColumnType
from gxy_analytics.extraction.columns import ARROW_TYPES, DEFAULTS, convert, failed_check

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def converted(values: list, kind: ColumnType, arrow: pa.DataType | None = None) -> list:
    result = convert(pa.array(values, arrow), kind)
    assert result.type == ARROW_TYPES[kind]
    return result.to_pylist()


@given(st.lists(st.decimals(min_value=-(10**14) + 1, max_value=10**14 - 1, places=4) | st.none()))
def test_every_decimal_of_14_and_4_digits_is_kept_exactly(amounts: list[Decimal | None]) -> None:
    texts = [None if amount is None else format(amount, "f") for amount in amounts]
    assert converted(texts, ColumnType.MONEY, pa.string()) == amounts


@pytest.mark.parametrize(
    "text", ["nan", "Infinity", "1e5", "1.23456", "100000000000000", "1000000000000000000", "", "1,5", "12.", ".5", "0x1"]
)
def test_what_is_no_such_decimal_does_not_fit(text: str) -> None:
    assert converted([text, "1.5"], ColumnType.MONEY) == [None, Decimal("1.5")]


def test_zeros_behind_the_fourth_place_are_no_loss() -> None:
    assert converted(["1.2300000000", "0.00000"], ColumnType.MONEY) == [Decimal("1.23"), Decimal(0)]


def test_money_from_a_floating_point_column_does_not_fit() -> None:
    assert converted([1.5, 2.0], ColumnType.MONEY) == [None, None]


def test_money_from_integers_and_decimals_fits() -> None:
    assert converted([3], ColumnType.MONEY) == [Decimal(3)]
    assert converted([Decimal("3.10")], ColumnType.MONEY) == [Decimal("3.10")]


@pytest.mark.parametrize("kind", [ColumnType.ID, ColumnType.INTEGER])
def test_whole_numbers_come_from_any_exact_type(kind: ColumnType) -> None:
    assert converted([7, None], kind) == converted(["7", None], kind) == converted([Decimal(7), None], kind) == [7, None]
    assert converted([7, 2**64 - 1], kind, pa.uint64()) == [7, None]
    assert converted(["7.5", "x", str(2**70)], kind) == [None, None, None]


def test_an_id_is_not_negative() -> None:
    assert converted([-1, 0], ColumnType.ID) == [None, 0]
    assert converted([-1, 0], ColumnType.INTEGER) == [-1, 0]


def test_flags_come_from_booleans_numbers_and_words() -> None:
    assert converted([True, None], ColumnType.FLAG) == [True, None]
    assert converted([0, 1, 2], ColumnType.FLAG) == [False, True, None]
    assert converted(["t", "FALSE", "maybe"], ColumnType.FLAG) == [True, False, None]


def test_naive_times_are_utc_and_zoned_ones_keep_their_instant() -> None:
    assert converted([NOON.replace(tzinfo=None)], ColumnType.INSTANT, pa.timestamp("us")) == [NOON]
    assert converted([NOON], ColumnType.INSTANT, pa.timestamp("ns", "Asia/Tokyo")) == [NOON]
    assert converted(["2026-03-01 12:00:00", "2026-03-01T13:00:00+01:00"], ColumnType.INSTANT) == [NOON, NOON]
    assert converted([date(2026, 3, 1)], ColumnType.INSTANT) == [NOON.replace(hour=0)]


def test_infinity_and_zero_dates_do_not_fit() -> None:
    infinities = pa.array([2**63 - 1, -(2**63) + 1, 0], pa.int64()).view(pa.timestamp("us"))
    assert convert(infinities, ColumnType.INSTANT).to_pylist() == [None, None, datetime(1970, 1, 1, tzinfo=UTC)]
    assert converted(["0000-00-00 00:00:00", "soon"], ColumnType.INSTANT) == [None, None]


def test_only_the_year_is_left_of_a_date() -> None:
    assert converted(["1987-11-23", "infinity", "0000-00-00", None], ColumnType.YEAR) == [1987, None, None, None]


def test_a_column_of_nulls_has_its_type() -> None:
    for kind in ColumnType:
        assert convert(pa.nulls(2), kind).type == ARROW_TYPES[kind]


def test_every_type_with_a_default_has_one_of_its_own_type() -> None:
    assert {kind for kind in ColumnType if kind not in DEFAULTS} == {ColumnType.YEAR}
    assert all(DEFAULTS[kind].type == ARROW_TYPES[kind] for kind in DEFAULTS)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (Check.CURRENCY, "EUR", ["eur", "EURO", "", "EUR\n"]),
        (Check.SLUG, "a-1", ["A", "-a", "a_b", "a" * 64, "a\n"]),
        (Check.TIMEZONE, "Europe/Berlin", ["Mars/Olympus", "", "utc+1"]),
    ],
)
def test_checks_name_exactly_what_does_not_meet_them(check: Check, good: str, bad: list[str]) -> None:
    assert failed_check(pa.array([good, None, *bad], pa.string()), check).to_pylist() == [False, False, *[True] * len(bad)]


def test_an_arrival_is_within_what_arrivals_count_by() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    moments = [NOON, None, epoch + timedelta(days=2), epoch + timedelta(hours=47), NOON.replace(year=2106)]
    array = pa.array(moments, ARROW_TYPES[ColumnType.INSTANT])
    assert failed_check(array, Check.ARRIVAL).to_pylist() == [False, False, False, True, True]
