"""A dead letter is found for erasure by whoever it names, in whatever form, and however many others it names too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from subject_world import MASTER, pid

from gxy_analytics.governance.erasure.letters import find_letters, hide_letters
from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.governance.vault.letter_subjects import MAX_SUBJECTS, TOO_MANY, subjects_of
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms

RING, SEAL = KeyRing.of(MASTER), LetterSeal(MASTER)
RECEIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = ["tenant_id", "rejected_id", "received_at", "loaded_at", "reason", "raw", "seal_version", "subjects"]
CROWD = b"".join(b'{"user_id": "c%d", "duid": "b%d"}' % (number, number) for number in range(MAX_SUBJECTS))
BODIES = [
    b'{"user_id": 7}',
    b"e=pv&uid=7",
    b"e=pv&duid=annas+phone%2F1",
    b'{"anonymous_id": "annas phone\\/1"}',
    b'{"anonymous_id": "\\u0061nnas phone/1"}',
    b'{"note": "Anna\\u0040Mail.example"}',
]


def target(tenant_id: str = "acme") -> Target:
    """Anna, number 7 of a tenant, at the day's end."""
    return Target(
        *(tenant_id, uuid4(), RECEIVED + timedelta(hours=12), (pid(tenant_id, 7),), ("annas phone/1",), ("anna@mail.example",)),
        tombstones={},
    )


def put(client: Client, number: int, raw: bytes, tenant_id: str = "acme", headers: dict[str, str] | None = None) -> list[str]:
    """A letter as the loader writes it; its subjects."""
    content, letter_id = LetterContent(raw, "torn", headers or {}), f"{number:032x}"
    about = subjects_of(tenant_id, content, Pseudonyms(RING).customer_pid, SEAL)
    row = [tenant_id, letter_id, RECEIVED, RECEIVED, "not_json", SEAL.seal(tenant_id, letter_id, content), SEAL.version, about]
    client.insert("events_rejected", [row], column_names=COLUMNS, database="raw")
    return about


@pytest.mark.parametrize("crowd", [b"", CROWD], ids=["alone", "among too many to name"])
def test_a_person_is_found_in_every_form_however_many_others_are_named(clickhouse: Client, crowd: bytes) -> None:
    for number, body in enumerate(BODIES):
        assert (put(clickhouse, number, body + b"\n" + crowd) == [TOO_MANY]) == bool(crowd)
    put(clickhouse, 50, b"e=pv" + crowd, headers={"gxy-anonymous-id": "YW5uYXMgcGhvbmUvMQ"})
    put(clickhouse, 51, json.dumps({"user_id": "70", "duid": "annas phone", "email": "bo@mail.example"}).encode() + crowd)
    put(clickhouse, 52, BODIES[0] + crowd, "umbra")
    found = [*(f"{number:032x}" for number in range(len(BODIES))), f"{50:032x}"]
    assert sorted(find_letters(clickhouse, target(), RING)) == found
    assert hide_letters(clickhouse, target(), RING) == len(found)
    left = clickhouse.query("select tenant_id, toString(rejected_id) from raw.events_rejected order by 2").result_rows
    assert left == [("acme", f"{51:032x}"), ("umbra", f"{52:032x}")]
