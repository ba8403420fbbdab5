"""The scanner finds what is personal wherever a text can hide it, says where and never what, and leaves the rest alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from clickhouse_connect.driver.client import Client
from vault_world import seal_customer

from gxy_analytics.governance.scanner.allowed import ALLOWED
from gxy_analytics.governance.scanner.finding import Finding
from gxy_analytics.governance.scanner.names import FEWEST_NAMES
from gxy_analytics.governance.scanner.sampling import ROWS
from gxy_analytics.governance.scanner.scan import scan_warehouse
from gxy_analytics.governance.vault.letter_resealing import seal_letters
from gxy_analytics.governance.vault.vault import Vault

VAULT = Vault(bytes(range(32)))
PERSONAL = {
    "email": [
        "anna.x@mail.example",
        "to=bo%40shop.example.com",
        "to=bo%2540shop.example.com",
        r'{"to": "bo\u0040shop.example"}',
        "müller@käse.shop.de",
        "<a@b.info>",
    ],
    "phone": ["+49 30 7771 2345", "tel:+16505551212", "0049 (30) 77712345", "(030) 777 12345", "650-555-1212", "%2B4930777123"],
    "ip": [
        "198.51.100.213",
        "from 203.0.113.7, then",
        "http://203.0.113.7/x",
        "2001:db8:77:99:aaaa:bbbb:cccc:dddd",
        "2a02:8:1::5",
    ],
    "card": ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", '{"n":"6011111111111117"}'],
}
HARMLESS = [
    "198.51.100.0", "2001:db8:77::", "127.0.0.1", "icon@2x.png", "@media", "js-3.24.1.2", "v1.2.3.4", "10:11:12",
    "2026-03-01T10:11:12.123+02:00", "550e8400-e29b-41d4-a716-446655440000", "4111111111111112", "1772359200000", "0012345678",
    "Mozilla/5.0 (X11) Chrome/120.0.6099.109 Edg/18.17.12.1", "2f784064b4f0dd67595cacb2a641c3c871395b26a62fb7e6cebf0ccbee160a44",
    "A-1234567890123", "1920x1080", "std::vector", "+1 more", "1+1", "12.345,67", "2026-03-01:2026-03-30", "[redacted]",
    "Mary", "Florence dress", "9999999999999995",
]  # fmt: skip
PLANTED = (
    "create table marts.planted (number UInt64, plain String, coded LowCardinality(Nullable(String)), "
    "list Array(String), map Map(LowCardinality(String), String), nested Nested(text String), json JSON, fixed FixedString(40)) "
    "engine = MergeTree order by number"
)


@pytest.fixture
def planted(clickhouse: Client) -> Iterator[Client]:
    clickhouse.command("create database if not exists marts")
    clickhouse.command("drop table if exists marts.planted")
    clickhouse.command(PLANTED)
    yield clickhouse
    clickhouse.command("drop table if exists marts.planted")
    clickhouse.command("drop table if exists marts.contacts")


def put(client: Client, column: str, *values: object) -> None:
    client.insert("planted", [[number, value] for number, value in enumerate(values)], ["number", column], database="marts")


def findings(client: Client, vault: Vault | None = None) -> list[Finding]:
    return scan_warehouse(client, vault).findings


def seal(client: Client, *people: dict[str, str | None]) -> None:
    """Put customers into the vault."""
    for number, person in enumerate(people):
        seal_customer(client, VAULT.keys, "acme", f"pid-{number}", person)


def test_each_form_of_personal_data_is_found(planted: Client) -> None:
    missed = []
    for kind, values in PERSONAL.items():
        for value in values:
            planted.command("truncate table marts.planted")
            put(planted, "plain", "nothing", value)
            if [(str(one.place), one.kind) for one in findings(planted)] != [("marts.planted.plain", kind)]:
                missed.append((kind, value))
    assert missed == []


def test_what_only_looks_personal_is_left_alone(planted: Client) -> None:
    put(planted, "plain", *HARMLESS)
    assert findings(planted) == []


def test_every_type_of_text_column_is_looked_into(planted: Client) -> None:
    address = "anna@mail.example"
    put(planted, "coded", None, address)
    put(planted, "list", ["x", address])
    put(planted, "map", {"note": address})
    put(planted, "nested.text", ["x", address])
    put(planted, "json", {"a": {"b": [address]}})
    put(planted, "fixed", address)
    found = findings(planted)
    assert [one.place.column for one in found] == ["coded", "fixed", "json", "list", "map", "nested.text"]
    assert {(one.kind, one.rows) for one in found} == {("email", 1)}


def test_a_finding_says_where_and_never_what(planted: Client) -> None:
    put(planted, "plain", "x", "y", "anna@mail.example")
    (found,) = findings(planted)
    assert str(found) == f"marts.planted.plain: email in 1 rows of the sample, one at {found.position}"
    part, _, row = found.position.rpartition(":")
    at = planted.query(
        "select plain from marts.planted where _part = {part:String} and _part_offset = {row:UInt64}",
        parameters={"part": part, "row": int(row)},
    )
    assert at.result_rows == [("anna@mail.example",)]


def test_a_column_with_the_name_of_personal_data_is_found_while_it_is_empty(planted: Client) -> None:
    planted.command("create table marts.contacts (id UInt64, billing_first_name String) engine = MergeTree order by id")
    assert [str(one) for one in findings(planted)] == ["marts.contacts.billing_first_name: named as personal data"]


def test_the_newest_partition_and_a_block_from_anywhere_are_in_the_sample(planted: Client) -> None:
    planted.command(
        "create or replace table marts.planted (day Date, plain String) engine = MergeTree partition by day order by day"
    )
    for day, text, rows in (("2026-03-01", "anna@mail.example", 8 * ROWS), ("2026-03-02", "+49 30 7771 2345", ROWS)):
        planted.command(
            "insert into marts.planted select {day:Date}, {text:String} from numbers({rows:UInt64})",
            parameters={"day": day, "text": text, "rows": rows},
        )
    found = {one.kind: one.rows for one in findings(planted)}
    assert set(found) == {"email", "phone"}
    assert found["phone"] >= ROWS
    assert found["email"] <= ROWS


def test_customers_of_the_vault_are_found_by_first_and_last_name_and_by_bare_digits(planted: Client) -> None:
    seal(planted, {"first_name": "Anna-Lena", "last_name": "Müller", "phone": "+49-30-77712345", "email": None})
    assert findings(planted, VAULT) == []
    put(planted, "plain", "for Müller, Lena please", "Anna", "Müller bread")
    put(planted, "coded", "493077712345")
    put(planted, "list", ["493077712346", "anna", "müller"])
    assert [(one.place.column, one.kind, one.rows) for one in findings(planted, VAULT)] == [
        ("coded", "name", 1),
        ("list", "name", 1),
        ("plain", "name", 1),
    ]


def test_a_column_of_first_names_is_found_by_their_share(planted: Client) -> None:
    names = [f"Xaver{chr(97 + number)}" for number in range(FEWEST_NAMES)]
    seal(planted, *({"first_name": name, "last_name": "Zz"} for name in names))
    put(planted, "plain", *names)
    put(planted, "coded", *names, *(f"word{chr(97 + number)}" for number in range(2 * FEWEST_NAMES)))
    assert [(one.place.column, one.kind) for one in findings(planted, VAULT)] == [("plain", "name")]


def test_what_a_table_is_known_to_hold_is_allowed_with_a_reason(clickhouse: Client) -> None:
    scan = scan_warehouse(clickhouse, None)
    assert [str(one.place) for one in scan.allowed] == ["governance.ingest_policies.ip"]
    assert scan.findings == []
    assert all(len(line.why) > 30 and line.kinds for line in ALLOWED)


def test_a_dead_letter_in_the_clear_is_found_until_it_is_sealed(clickhouse: Client) -> None:
    letter = ["acme", "1" * 32, datetime.now(UTC), "anna@mail.example"]
    clickhouse.insert("events_rejected", [letter], ["tenant_id", "rejected_id", "received_at", "raw"], database="raw")
    assert [str(one.place) for one in findings(clickhouse)] == ["raw.events_rejected.raw"]
    assert seal_letters(clickhouse, VAULT.keys) == 1
    assert findings(clickhouse) == []
