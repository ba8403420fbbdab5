"""The audit's encoding tells every two rows apart, its seal needs the key, and what people type is blacked out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.audit.anchor import UnreadableAnchorError, anchor_file, read_anchor, write_anchor
from gxy_analytics.governance.audit.chain import EMPTY, Act, ChainKey, Head, digest_of, encode, head_of, link_after
from gxy_analytics.governance.audit.record import encode_details
from gxy_analytics.governance.audit.redaction import LONGEST, redact

KEY = ChainKey.of(bytes(32))
# Few letters and the bytes that lengths are made of: what runs into each other shows soonest.
TEXTS = st.binary(max_size=6) | st.sampled_from([b"", b"1", b"11", b"a", b"ab", b"\x00", b"\x00\x00\x00\x00\x00\x00\x00\x01"])
NUMBERS = st.integers(0, 2**64 - 1)
VALUES = st.lists(TEXTS | st.integers(0, 200), max_size=6).map(tuple)
ACTS = st.builds(
    Act,
    entry_id=TEXTS,
    occurred_us=NUMBERS,
    recorded_us=NUMBERS,
    db_user=TEXTS,
    actor=TEXTS,
    program=TEXTS,
    origin=TEXTS,
    action=TEXTS,
    tenant_id=TEXTS,
    subject=TEXTS,
    reason=TEXTS,
    rows=NUMBERS,
    details=TEXTS,
)


CUTS = st.lists(st.integers(0, 24), min_size=3, max_size=3).map(sorted)


def cut(text: bytes, cuts: list[int]) -> tuple[bytes, ...]:
    """The text as four columns."""
    return tuple(text[start:end] for start, end in pairwise([0, *cuts, len(text) + 24]))


def as_texts(values: tuple[int | bytes, ...]) -> list[bytes]:
    """A column is a number or a text, never both: a number is the same as its digits."""
    return [value if isinstance(value, bytes) else str(value).encode() for value in values]


@given(VALUES, VALUES)
def test_no_two_different_rows_encode_alike(one: tuple[int | bytes, ...], other: tuple[int | bytes, ...]) -> None:
    assert (encode(one) == encode(other)) == (as_texts(one) == as_texts(other))


@given(st.binary(max_size=24), CUTS, CUTS)
def test_the_same_bytes_in_other_columns_encode_otherwise(text: bytes, one: list[int], other: list[int]) -> None:
    first, second = cut(text, one), cut(text, other)
    assert (encode(first) == encode(second)) == (first == second)


@given(ACTS, st.sampled_from(Act._fields), TEXTS, NUMBERS)
def test_every_column_is_in_the_hash(act: Act, column: str, text: bytes, number: int) -> None:
    changed = act._replace(**{column: text if isinstance(getattr(act, column), bytes) else number})
    one, other = (link_after(EMPTY, row, 1, KEY) for row in (act, changed))
    assert (one.hash == other.hash) == (act == changed)
    assert digest_of(one) == one.hash


@given(ACTS)
def test_a_row_holds_the_one_before_and_cannot_be_sealed_without_the_key(act: Act) -> None:
    first = link_after(EMPTY, act, 1, KEY)
    second = link_after(head_of(first), act, 1, KEY)
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    assert second.hash != link_after(Head(1, "0" * 64), act, 1, KEY).hash
    other = ChainKey.of(b"\x01" * 32)
    assert other.mac(first.hash) != first.mac and other.key_id != KEY.key_id


@pytest.mark.parametrize(
    "personal",
    [
        "jo.doe@mail.example",
        "+49 170 1234567",
        "(0171) 555 1234",
        "203.0.113.77",
        "2001:db8:85a3::8a2e:370:7334",
        "4111 1111 1111 1111",
    ],
)
def test_what_is_personal_is_blacked_out_of_reasons_and_details(personal: str) -> None:
    told = redact(f"asked by {personal}, in writing")
    assert told == "asked by [removed], in writing"
    assert personal not in encode_details({"why": personal, "rows": 3})


@given(st.text(max_size=80))
def test_blacking_out_leaves_one_printable_line_of_bounded_length(text: str) -> None:
    told = redact(text)
    assert redact(told) == told and told.isprintable()
    assert len(redact("x" * (LONGEST + 9))) == LONGEST


def test_an_ordinary_reason_stays_as_it_was_typed() -> None:
    for reason in ("ticket GXY-1234 of 2026-11-22, order 100023", "monthly export, approved by the DPO (§ 4)"):
        assert redact(reason) == reason


def test_an_anchor_is_read_as_it_was_written_and_a_torn_one_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert read_anchor(tmp_path) is None
    write_anchor(tmp_path, Head(7, "ab" * 32))
    assert read_anchor(tmp_path) == Head(7, "ab" * 32)
    anchor_file(tmp_path).write_text('{"sequence": 7')
    with pytest.raises(UnreadableAnchorError, match="restore it"):
        read_anchor(tmp_path)
