"""Single values and whole columns: every shape that clients send, and the same result both ways."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_service.loader.arrays import maps, money, raw_texts, texts
from ingest_service.loader.columns import STRING
from ingest_service.loader.values import MAX_UINT32, parse_count, parse_instant, parse_money, parse_text
from ingest_service.loader.web import parse_address

quick = settings(deadline=None, max_examples=60)
amounts = st.decimals(min_value=-(10**13), max_value=10**13, places=4)


@quick
@given(st.lists(amounts))
def test_amounts_keep_every_digit_as_numbers_and_as_strings(values: list[Decimal]) -> None:
    for form in ("{}", '"{}"'):
        column, bad = money([msgspec.Raw(form.format(value).encode()) for value in values])
        assert (column.to_pylist(), bad) == (values, [])


@quick
@given(
    st.lists(
        st.sampled_from(
            ["1.5", '"2.25"', "null", "", '"abc"', "[1]", "1e3", "1.00005", '"1e400"', "true", '" 7 "', "12345678901234567890"]
        )
    )
)
def test_a_column_of_amounts_gives_what_its_values_give(values: list[str]) -> None:
    column, bad = money([msgspec.Raw(value.encode()) for value in values])
    expected = [parse_money(json.loads(value, parse_float=Decimal)) if value else None for value in values]
    assert column.to_pylist() == expected
    assert bad == [row for row, value in enumerate(values) if expected[row] is None and value not in ("", "null")]


@quick
@given(st.integers() | st.floats() | st.text() | st.booleans() | st.none() | st.decimals())
def test_reading_a_value_never_fails_and_stays_in_range(value: object) -> None:
    count, amount, text = parse_count(value), parse_money(value), parse_text(value)
    assert count is None or 0 <= count <= MAX_UINT32
    assert amount is None or pa.scalar(amount, pa.decimal128(18, 4)).as_py() == amount
    assert text is None or text.encode().decode() == text


@pytest.mark.parametrize("read", [parse_count, parse_instant, parse_money])
@pytest.mark.parametrize("text", ["1e400000", "-1e400000", "1e999999999", "1e-400000"])
def test_a_number_with_an_absurd_exponent_costs_no_time(read: Callable[[object], object], text: str) -> None:
    """As an integer, 1e400000 takes seconds and 1e3000000 minutes: one event would hold up the loader."""
    began = time.perf_counter()
    read(text)
    assert time.perf_counter() - began < 1


@quick
@given(st.lists(st.none() | st.text(alphabet=st.characters(codec=None)) | st.integers()))
def test_a_column_of_texts_takes_whatever_a_string_can_hold(values: list[object]) -> None:
    column = texts(values)
    assert column.type == STRING
    assert column.null_count == 0
    assert len(column) == len(values)


@quick
@given(st.lists(st.binary()))
def test_bytes_that_are_no_utf8_become_text(values: list[bytes]) -> None:
    assert len(raw_texts(values)) == len(values)


def test_a_map_column_keeps_each_rows_pairs() -> None:
    column = maps([(("a", "1"),), (), (("b", "2"), ("c", "3"))], pa.map_(STRING, STRING))
    assert column.to_pylist() == [[("a", "1")], [], [("b", "2"), ("c", "3")]]


@quick
@given(st.text() | st.from_regex(r"https?://[a-z@:/?#\[\]&=%.]{0,40}"))
def test_no_address_keeps_its_query_or_fragment(url: str) -> None:
    address = parse_address(url)
    assert "?" not in address.url
    assert "#" not in address.url


def test_an_address_gives_host_path_campaign_and_click_ids_and_forgets_the_rest() -> None:
    address = parse_address("https://me:secret@Shop.Example:8443/a?utm_source=x&UTM_Medium=y&gclid=g&mail=a@b.c#z")
    assert address.url == "https://shop.example:8443/a"
    assert (address.host, address.path) == ("shop.example", "/a")
    assert address.campaign == ("x", "y", "", "", "")
    assert address.click_ids == (("gclid", "g"),)
    assert not any("secret" in part or "a@b.c" in part for part in map(str, address))
