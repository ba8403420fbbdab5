"""Golden vectors of Google's and Meta's normalisation: what a platform would compute of the same person, byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance import normalisation as n

TEXTWISE = [
    n.hash_value,
    n.normalise_email,
    n.normalise_google_email,
    n.normalise_phone,
    n.normalise_google_name,
    n.normalise_meta_name,
    n.normalise_meta_city,
    n.normalise_meta_state,
    n.normalise_meta_country,
    n.normalise_google_country,
    n.normalise_meta_initial,
    n.normalise_meta_gender,
]

EMAILS = st.text(max_size=20) | st.from_regex(r"\s?[A-Za-z.+ßİ]{1,8}@(gmail|googlemail|Example)\.[Cc]om\s?", fullmatch=True)
PHONES = st.text("+0123456789 ()-./", max_size=24)


@pytest.mark.parametrize(
    ("normalise", "given_value", "expected"),
    [
        # Meta's page prints this address and the beginning of this hash.
        (n.normalise_email, "John_Smith@gmail.com", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        (n.normalise_google_email, "John_Smith@gmail.com", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        (n.normalise_meta_phone, "+1 650 555 1212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        (n.normalise_phone, "+1 650 555 1212", "1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8"),
    ],
)
def test_published_values_hash_to_the_published_hashes(normalise: Callable[[str], str], given_value: str, expected: str) -> None:
    assert n.hash_value(normalise(given_value)) == expected


def test_one_shared_hasher_would_be_wrong() -> None:
    assert n.normalise_email(" J.Smith@Gmail.com ") == "j.smith@gmail.com"
    assert n.normalise_google_email(" J.Smith@Gmail.com ") == "jsmith@gmail.com"
    assert n.normalise_meta_phone("+1 650 555 1212") != n.normalise_phone("+1 650 555 1212")


@pytest.mark.parametrize(
    ("normalise", "given_value", "expected"),
    [
        (n.normalise_google_email, "j.s.mith+shop@googlemail.com", "jsmith+shop@googlemail.com"),
        (n.normalise_google_email, "j.smith@example.com", "j.smith@example.com"),
        (n.normalise_google_email, "..@gmail.com", ""),
        (n.normalise_email, "nobody", ""),
        (n.normalise_email, "@example.com", ""),
        (n.normalise_email, "two words@example.com", ""),
        (n.normalise_phone, "0049 (0)30 / 123-456", "+4930123456"),
        (n.normalise_phone, "+44 (0) 20 7946 0958", "+442079460958"),
        (n.normalise_phone, "+39 06 698 12345", "+390669812345"),
        (n.normalise_phone, "+1 (650) 555-1212", "+16505551212"),
        (n.normalise_phone, "650 555 1212", ""),  # of no country
        (n.normalise_phone, "+0 650 555 1212", ""),
        (n.normalise_phone, "+1234567890123456", ""),  # 16 digits
        (n.normalise_phone, "+12345", ""),
        (n.normalise_google_name, " Mary Ann O'Neill ", "maryanno'neill"),
        (n.normalise_meta_name, " Mary Ann O'Neill-Smith ", "maryannoneillsmith"),
        (n.normalise_meta_name, "Valéry", "valéry"),
        (n.normalise_meta_name, "Vale\u0301ry", "valéry"),
        (n.normalise_meta_name, "정", "정"),
        (n.normalise_meta_city, "New York", "newyork"),
        (n.normalise_meta_city, "St. Gallen 2", "stgallen"),
        (n.normalise_meta_state, "CA", "ca"),
        (n.normalise_meta_country, " DE ", "de"),
        (n.normalise_meta_country, "DEU", ""),
        (n.normalise_google_country, "de", "DE"),
    ],
)
def test_values_are_normalised_as_the_page_says(normalise: Callable[[str], str], given_value: str, expected: str) -> None:
    assert normalise(given_value) == expected


@pytest.mark.parametrize(
    ("code", "country", "expected"),
    [("94035-1234", "US", "94035"), (" 94035 ", "us", "94035"), ("M1 1AE", "GB", "m11ae"), ("10115", "DE", "10115")],
)
def test_a_zip_is_cut_to_five_digits_in_the_united_states_alone(code: str, country: str, expected: str) -> None:
    assert n.normalise_meta_zip(code, country) == expected


@pytest.mark.parametrize(
    ("phone", "code", "expected"),
    [("030 123456", "49", "+4930123456"), ("(650) 555-1212", "1", "+16505551212"), ("030 123456", "x", ""), ("", "49", "")],
)
def test_a_national_number_needs_the_calling_code_of_its_country(phone: str, code: str, expected: str) -> None:
    assert n.normalise_phone(phone, code) == expected


@pytest.mark.parametrize("phone", ["+1 650 555 1212 ext. 5", "+1 650 555 1212 x5", "tel:+16505551212", "1-800-FLOWERS"])
def test_a_phone_number_with_letters_is_refused_and_not_read_as_another(phone: str) -> None:
    assert n.normalise_phone(phone, "1") == ""


@pytest.mark.parametrize(
    ("given_value", "expected"), [("M", "m"), (" Female ", "f"), ("male", "m"), ("d", ""), ("", ""), ("unknown", "")]
)
def test_a_gender_is_one_letter_or_nothing(given_value: str, expected: str) -> None:
    assert n.normalise_meta_gender(given_value) == expected


def test_a_birth_date_is_three_texts_of_fixed_length() -> None:
    assert n.normalise_meta_birth(date(1984, 2, 9)) == ("1984", "02", "09")


def test_an_initial_is_the_first_letter_of_the_normalised_name() -> None:
    assert [n.normalise_meta_initial(name) for name in (" Émile", "O'Neill", "정", "-")] == ["é", "o", "정", ""]


@pytest.mark.parametrize("normalise", [n.normalise_email, n.normalise_google_email, n.normalise_phone, n.normalise_meta_phone])
def test_a_hash_that_is_given_for_an_address_or_a_number_reaches_the_platform(normalise: Callable[[str], str]) -> None:
    once = n.hash_value("anna@example.com")
    assert n.hash_value(normalise(f" {once.upper()} ")) == once


def test_what_is_hashed_already_is_not_hashed_again() -> None:
    once = n.hash_value("anna@example.com")
    assert n.hash_value(once.upper()) == once
    assert n.hash_value("") == ""


@pytest.mark.parametrize("normalise", TEXTWISE)
@given(text=EMAILS | PHONES)
def test_normalising_twice_changes_nothing(normalise: Callable[[str], str], text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(code=st.text(max_size=12), country=st.sampled_from(["US", "GB", "de", ""]))
def test_normalising_a_zip_twice_changes_nothing(code: str, country: str) -> None:
    once = n.normalise_meta_zip(code, country)
    assert n.normalise_meta_zip(once, country) == once


@given(text=PHONES, code=st.sampled_from(["", "1", "49"]))
def test_a_phone_number_is_e164_or_nothing_whatever_was_typed(text: str, code: str) -> None:
    found = n.normalise_phone(text, code)
    assert not found or n.E164.fullmatch(found)
    assert n.normalise_phone(found, code) == found
