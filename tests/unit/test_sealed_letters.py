"""Sealed dead letters: the same bytes each time, opened at their own place only, and found by whom they are about unopened."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.letter_names import BROWSER_NOTES, QUERY_NOTE
from gxy_analytics.governance.suppressions import identity_hash
from gxy_analytics.governance.vault.key_file import WrapKey
from gxy_analytics.governance.vault.letter_subjects import MAX_SUBJECTS, TOO_MANY, subjects_of
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.governance.vault.vault import VaultError
from ingest_service.privacy import VISITOR_NOTE
from ingest_service.protocols.segment.routes import ANONYMOUS_ID_NOTE
from ingest_service.protocols.snowplow import wire

MASTER, LETTER = bytes(range(32)), "a" * 32
SEAL, NAMES = LetterSeal(MASTER), Pseudonyms(MASTER)
CONTENT = LetterContent(b'{"user_id": "7", "email": "anna@mail.example"}', "`name` is missing", {"referer": "https://x.example"})
GOLDEN = (
    "678b36c7e379c0903876ad591f054e90d69991f71bc73bd8c2eeab21ccd1e622ebc70284162409507982ad1432ec555e3371"
    "422f3958cbe05ec9a481c2e62f5fde2fc241c98cba8c249755eeafbd7747784ba44f904d96eae87c6a164a567eb8fc8d6aba"
    "a68b81bcf8977e7709a31fb7ee9447c54bfb127fb774cf15"
)
CONTENTS = st.builds(
    LetterContent, st.binary(max_size=500), st.text(max_size=50), st.dictionaries(st.text(), st.text(), max_size=3)
)


def found(raw: bytes | dict[str, Any], **headers: str) -> set[str]:
    body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return set(subjects_of("acme", LetterContent(body, "", headers), NAMES.customer_pid, SEAL))


def customer(user_id: str) -> str:
    return identity_hash("acme", "customer", NAMES.customer_pid("acme", user_id))


def browser(anonymous_id: str) -> str:
    return identity_hash("acme", "anonymous", anonymous_id)


@given(CONTENTS)
def test_any_letter_opens_as_it_was_and_seals_to_the_same_bytes_in_another_process(content: LetterContent) -> None:
    sealed = SEAL.seal("acme", LETTER, content)
    assert LetterSeal(MASTER).seal("acme", LETTER, content) == sealed
    assert LetterSeal(MASTER).open("acme", LETTER, 1, sealed) == content


@given(CONTENTS, st.integers(0, 10_000))
def test_one_flipped_bit_anywhere_does_not_open(content: LetterContent, bit: int) -> None:
    sealed = bytearray(SEAL.seal("acme", LETTER, content))
    sealed[bit // 8 % len(sealed)] ^= 1 << bit % 8
    with pytest.raises(VaultError):
        SEAL.open("acme", LETTER, 1, bytes(sealed))


def test_a_letter_does_not_open_for_another_tenant_letter_or_key() -> None:
    sealed = SEAL.seal("acme", LETTER, CONTENT)
    assert b"anna" not in sealed
    for seal, tenant_id, letter in (
        (SEAL, "umbra", LETTER),
        (SEAL, "acme", "b" * 32),
        (LetterSeal(MASTER[::-1]), "acme", LETTER),
    ):
        with pytest.raises(VaultError, match="does not open"):
            seal.open(tenant_id, letter, 1, sealed)


def test_what_an_earlier_release_sealed_opens() -> None:
    golden = bytes.fromhex(GOLDEN)
    assert SEAL.open("acme", LETTER, 1, golden) == CONTENT


def test_after_a_rotation_letters_of_both_keys_open() -> None:
    ring = KeyRing(MASTER, (WrapKey(1, MASTER), WrapKey(2, b"2" * 32)))
    old, seal = SEAL.seal("acme", LETTER, CONTENT), LetterSeal(ring)
    new = seal.seal("acme", LETTER, CONTENT)
    assert seal.version == 2
    assert new != old
    assert seal.open("acme", LETTER, 1, old) == seal.open("acme", LETTER, 2, new) == CONTENT


@pytest.mark.parametrize(
    ("letter", "people"),
    [
        ({"user_id": "7", "anonymous_id": "v"}, {customer("7"), browser("v")}),
        ({"userId": 7, "anonymousId": "v"}, {customer("7"), browser("v")}),
        ({"uid": "7", "duid": "v"}, {customer("7"), browser("v")}),
        ({"previousId": "v"}, {customer("v"), browser("v")}),
        (b'{"events": [{"user_id": "7", "x":}, {"anonymous_id" : "v', {customer("7")}),
        (b'{"user_id": "\\u0041\\"7"}', {customer('A"7')}),
        (b'{"user_id": "\\ud800"}', {customer("?")}),
        ({"user_id": "", "user_id_type": "x", "name": "user_id"}, set()),
        (b"\x1f\x8b\x08\xff", set()),
    ],
)
def test_people_are_read_in_whole_letters_and_in_torn_ones(letter: bytes | dict[str, Any], people: set[str]) -> None:
    assert found(letter) == people


def test_people_are_read_in_what_the_door_noted_and_addresses_wherever_they_stand() -> None:
    notes = {"gxy-visitor": "day", "gxy-anonymous-id": "v", "gxy-query": "uid=7&duid=w&e=pv&note=Bo%40mail.example"}
    addresses = {SEAL.address_hash("acme", one) for one in ("anna@mail.example", "bo@mail.example")}
    assert found(b'"Anna@mail.example"', **notes) == {browser("day"), browser("v"), browser("w"), customer("7"), *addresses}
    assert SEAL.address_hash("acme", "bo@mail.example") != SEAL.address_hash("umbra", "bo@mail.example")


def test_the_notes_are_those_of_the_door() -> None:
    assert (*BROWSER_NOTES, QUERY_NOTE) == (VISITOR_NOTE, ANONYMOUS_ID_NOTE, wire.QUERY_NOTE)


@pytest.mark.parametrize(
    ("one", "kinds"),
    [
        ('{{"user_id": "c{0}"}}', 1),
        ('{{"user_id": "c{0}", "anonymous_id": "b{0}"}}', 2),
        ("u{0}@mail.example ", 1),
        ('{{"user_id": "c{0}", "email": "u{0}@mail.example"}}', 2),
    ],
)
def test_a_letter_names_all_its_people_or_says_that_they_are_too_many_and_then_hashes_nobody(one: str, kinds: int) -> None:
    hashed: list[str] = []

    def pid(tenant_id: str, customer_id: str) -> str:
        hashed.append(customer_id)
        return NAMES.customer_pid(tenant_id, customer_id)

    def people(count: int) -> list[str]:
        body = "".join(map(one.format, range(count)))
        return subjects_of("acme", LetterContent(body.encode()), pid, SEAL)

    most = MAX_SUBJECTS // kinds
    assert len(people(most)) == most * kinds
    hashed.clear()
    assert people(most + 1) == people(20 * most) == [TOO_MANY]
    assert not hashed


def test_the_same_person_a_thousand_times_is_one_subject() -> None:
    body = b'{"user_id": "7", "email": "anna@mail.example"}' * 2 * MAX_SUBJECTS
    assert found(body) == {customer("7"), SEAL.address_hash("acme", "anna@mail.example")}


@pytest.mark.parametrize(
    "address", ["anna\\u0040mail.example", "\\u0061nna@mail.example", "mail\\/anna@mail.example", "anna@mail.example"]
)
def test_an_address_is_read_whichever_characters_json_escapes(address: str) -> None:
    assert found(f'{{"note": "{address}"}}'.encode()) == {SEAL.address_hash("acme", "anna@mail.example")}
