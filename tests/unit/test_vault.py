"""The vault's cryptography: what is sealed opens for its own tenant and subject only, and a change shows without decrypting."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.vault import Vault, VaultError

MASTER = bytes(range(32))
ANNA = {"email": "anna@example.com", "phone": None, "first_name": "Änne"}


@given(st.dictionaries(st.text(max_size=20), st.none() | st.text(max_size=200), max_size=6))
def test_sealed_values_open_as_they_were(values: dict[str, str | None]) -> None:
    vault = Vault(MASTER)
    row = vault.seal("acme", "pid", values)
    expected = values if any(value is not None for value in values.values()) else {}
    assert vault.open("acme", "pid", row.wrapped_key, row.ciphertext) == expected


def test_nothing_personal_is_nothing_sealed() -> None:
    row = Vault(MASTER).seal("acme", "pid", {"email": None})
    assert (row.wrapped_key, row.ciphertext, row.content_hash) == ("", "", "")


def test_the_values_are_not_in_the_sealed_row() -> None:
    row = Vault(MASTER).seal("acme", "pid", ANNA)
    assert b"anna@example.com" not in base64.b64decode(row.ciphertext) + base64.b64decode(row.wrapped_key)
    assert "anna" not in row.ciphertext + row.content_hash


def test_sealing_twice_never_repeats_a_key_or_nonce_but_has_one_hash() -> None:
    vault = Vault(MASTER)
    one, two = vault.seal("acme", "pid", ANNA), vault.seal("acme", "pid", ANNA)
    assert one.wrapped_key != two.wrapped_key
    assert one.ciphertext != two.ciphertext
    assert one.content_hash == two.content_hash == vault.content_hash("acme", "pid", dict(reversed(ANNA.items())))


def test_content_hashes_differ_by_value_subject_and_tenant() -> None:
    vault = Vault(MASTER)
    hashes = {
        vault.content_hash("acme", "pid", ANNA),
        vault.content_hash("acme", "pid", {**ANNA, "phone": ""}),
        vault.content_hash("acme", "other", ANNA),
        vault.content_hash("umbra", "pid", ANNA),
    }
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("tenant", "subject", "master"), [("umbra", "pid", MASTER), ("acme", "x", MASTER), ("acme", "pid", MASTER[::-1])]
)
def test_another_tenant_subject_or_key_does_not_open_it(tenant: str, subject: str, master: bytes) -> None:
    row = Vault(MASTER).seal("acme", "pid", ANNA)
    with pytest.raises(VaultError, match="does not open"):
        Vault(master).open(tenant, subject, row.wrapped_key, row.ciphertext)


def test_one_altered_bit_does_not_open() -> None:
    vault = Vault(MASTER)
    row = vault.seal("acme", "pid", ANNA)
    raw = bytearray(base64.b64decode(row.ciphertext))
    raw[-1] ^= 1
    with pytest.raises(VaultError):
        vault.open("acme", "pid", row.wrapped_key, base64.b64encode(raw).decode())


def test_a_shredded_row_is_empty() -> None:
    row = Vault(MASTER).seal("acme", "pid", ANNA)
    assert Vault(MASTER).open("acme", "pid", "", row.ciphertext) == {}
