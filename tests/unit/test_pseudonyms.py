"""Pseudonyms: stable for a customer, different between tenants, and of the promised shape."""

from __future__ import annotations

import re

from gxy_analytics.governance.vault.pseudonyms import Pseudonyms

MASTER = bytes(range(32))


def test_a_number_and_its_text_name_the_same_customer() -> None:
    names = Pseudonyms(MASTER)
    assert names.customer_pid("acme", 42) == names.customer_pid("acme", "42") == Pseudonyms(MASTER).customer_pid("acme", 42)


def test_the_same_customer_id_has_another_pseudonym_at_another_tenant_or_key() -> None:
    names = Pseudonyms(MASTER)
    pids = {names.customer_pid("acme", 1), names.customer_pid("umbra", 1), Pseudonyms(MASTER[::-1]).customer_pid("acme", 1)}
    assert len(pids) == 3


def test_a_pseudonym_is_64_lower_case_hex_characters() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", Pseudonyms(MASTER).customer_pid("acme", "a@example.com"))


def test_pseudonyms_never_change_between_releases() -> None:
    assert Pseudonyms(MASTER).customer_pid("acme", 42) == "2f784064b4f0dd67595cacb2a641c3c871395b26a62fb7e6cebf0ccbee160a44"
