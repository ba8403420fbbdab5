"""The vault's cryptography: what is sealed opens at its own place with her key alone, and a change shows without."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.vault.key_file import WrapKey
from gxy_analytics.governance.vault.master_key import KeyRing, UnknownKeyVersionError
from gxy_analytics.governance.vault.vault import PersonalValues, Place, SealedRow, Vault, VaultError, WrappedKey

MASTER = bytes(range(32))
ANNA = {"email": "anna@example.com", "phone": None, "first_name": "Änne"}
PLACE = Place("acme", "customers", "pid")
VALUES = st.dictionaries(st.text(max_size=20), st.none() | st.text(max_size=200), min_size=1, max_size=6)
GOLDEN_KEY = WrappedKey(
    "acme", "pid", "5f290b43fffa6937", "G2cnAdH4r2i+CEpSxbQ8SjkA2wWqqeTERMOqVyI7dtxJr0JCYJknmWRRdR5qMeR3p+nHJzKKU2GO+BIN", 1
)
GOLDEN_ROWS = [
    SealedRow(
        PLACE,
        "Cdmx+r2FsCWyWQ25vJSP2b2VwPweq8GpUZt2U5kzJCU/Tuh5HYdTCwYOlgmPIlBdAazJUHFAIYT1g7fI/UeePCkPVcSa",
        GOLDEN_KEY,
    ),
    SealedRow(
        Place("acme", "orders", "7"),
        "7IOZYnq4lLFMTDfw68lhBvOWalp42V7ttfEgbBKjnu2ybgx8t4iadzzce1bjugxAbJfwAjn2aZPGurQ=",
        GOLDEN_KEY,
    ),
    # From before each customer had a key.
    SealedRow(
        Place("acme", "orders", "7"),
        "z/TQ+0yduYIv2CIddQQKV52et2GfbykUe17G9NY1xMh6god3irPcNhg3L9lD1/9KA1x+XgjSZerwCuQ=",
        None,
        "jSI0uR2Y9KdRapJSrK1TQUQ64BmYMIaEDWEtTph1W0OWO8ouvt3JenLgWcoC+82Fk714TvpIn1QnNf87",
    ),
]
IP = {"ip_address": "198.51.100.213"}
GOLDEN_VALUES = [{"email": "anna@example.com", "phone": None}, IP, IP]


def seal(values: PersonalValues, place: Place = PLACE, subject: str = "pid", vault: Vault | None = None) -> SealedRow:
    vault = vault or Vault(MASTER)
    wrapped, key = vault.new_key(place.tenant_id, subject)
    return SealedRow(place, vault.seal(place, key, values), wrapped)


def flipped(text: str, bit: int) -> str:
    """The base64 text with one bit of its bytes changed."""
    raw = bytearray(base64.b64decode(text))
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(("row", "values"), list(zip(GOLDEN_ROWS, GOLDEN_VALUES, strict=True)))
def test_what_an_earlier_release_sealed_opens(row: SealedRow, values: PersonalValues) -> None:
    assert Vault(MASTER).open(row) == values


def test_a_text_that_an_earlier_release_sealed_opens_under_its_own_name_only() -> None:
    golden, vault = "dxPDBrlaiM/8BDz5cjn2RcZno5t2CSoIg9SF9Aotj45/", Vault(MASTER)
    assert vault.open_text("acme", "request:1", golden) == "hello"
    for tenant_id, name in (("acme", "request:2"), ("umbra", "request:1")):
        with pytest.raises(VaultError):
            vault.open_text(tenant_id, name, golden)


def test_the_content_hash_is_that_of_an_earlier_release() -> None:
    hashed = "9539d7a1cb45f177d1ed3a42b429615b8bce9d5efa8ddc38d8a9e0fa8b0de5b2"
    assert Vault(MASTER).content_hash("acme", "order:7", IP) == hashed


@given(VALUES)
def test_sealed_values_open_as_they_were(values: PersonalValues) -> None:
    assert Vault(MASTER).open(seal(values)) == values


@given(VALUES, st.integers(0, 10_000), st.sampled_from(["ciphertext", "wrapped_key"]))
def test_one_flipped_bit_anywhere_does_not_open(values: PersonalValues, bit: int, where: str) -> None:
    row = seal(values)
    assert row.key
    if where == "ciphertext":
        altered = replace(row, ciphertext=flipped(row.ciphertext, bit))
    else:
        altered = replace(row, key=replace(row.key, wrapped_key=flipped(row.key.wrapped_key, bit)))
    with pytest.raises(VaultError):
        Vault(MASTER).open(altered)


def test_the_values_are_not_in_the_sealed_row() -> None:
    row = seal(ANNA)
    assert b"anna" not in base64.b64decode(row.ciphertext)
    assert "anna" not in row.ciphertext + Vault(MASTER).content_hash("acme", "pid", ANNA)


def test_sealing_twice_never_repeats_a_key_or_nonce_but_has_one_hash() -> None:
    vault = Vault(MASTER)
    one, two = seal(ANNA), seal(ANNA)
    assert one.key
    assert two.key
    assert one.key.key_id != two.key.key_id
    key = vault.unwrap(one.key)
    assert vault.seal(PLACE, key, ANNA) != vault.seal(PLACE, key, ANNA)
    assert vault.content_hash("acme", "pid", ANNA) == vault.content_hash("acme", "pid", dict(reversed(ANNA.items())))


def test_content_hashes_differ_by_value_row_and_tenant_and_nothing_has_none() -> None:
    vault = Vault(MASTER)
    hashes = {
        vault.content_hash("acme", "pid", ANNA),
        vault.content_hash("acme", "pid", {**ANNA, "phone": ""}),
        vault.content_hash("acme", "other", ANNA),
        vault.content_hash("umbra", "pid", ANNA),
    }
    assert len(hashes) == 4
    assert vault.content_hash("acme", "pid", {"email": None}) == ""


@pytest.mark.parametrize(
    "place",
    [Place("umbra", "customers", "pid"), Place("acme", "orders", "pid"), Place("acme", "customers", "other")],
    ids=["tenant", "table", "row"],
)
def test_a_row_moved_to_another_tenant_table_or_row_does_not_open(place: Place) -> None:
    with pytest.raises(VaultError, match="does not open"):
        Vault(MASTER).open(replace(seal(ANNA), place=place))


def test_another_customers_key_does_not_open_a_row_nor_pass_for_hers() -> None:
    hers, his = seal(ANNA), seal(ANNA, Place("acme", "customers", "his"), "his")
    assert his.key
    for key in (his.key, replace(his.key, subject="pid"), replace(his.key, tenant_id="umbra")):
        with pytest.raises(VaultError):
            Vault(MASTER).open(replace(hers, key=key))


def test_another_master_key_opens_neither_form() -> None:
    for row in GOLDEN_ROWS:
        with pytest.raises(VaultError, match="check that GXY_MASTER_KEY_FILE"):
            Vault(MASTER[::-1]).open(row)


def test_without_its_key_a_row_is_empty() -> None:
    assert Vault(MASTER).open(replace(seal(ANNA), key=None)) == {}


def test_a_key_wrapped_again_opens_with_the_new_wrap_key_alone() -> None:
    first, second = WrapKey(1, MASTER), WrapKey(2, b"2" * 32)
    row = seal(ANNA)
    assert row.key
    rewrapped = Vault(KeyRing(MASTER, (first, second))).rewrap(row.key)
    assert (rewrapped.key_id, rewrapped.key_version) == (row.key.key_id, 2)
    later = Vault(KeyRing(MASTER, (second,)))
    assert later.open(replace(row, key=rewrapped)) == ANNA
    with pytest.raises(UnknownKeyVersionError, match="version 1 of the wrap key, and the key file holds version 2"):
        later.open(row)
