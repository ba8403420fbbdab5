"""A copy of the database without the key file names nobody: not through SQL, and not in the bytes on the disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from clickhouse_bytes import texts
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, SHOP
from loader_world import SEAL, LoaderWorld, event

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.governance.scanner.kinds import EMAIL
from gxy_analytics.governance.scanner.scan import scan_warehouse
from gxy_analytics.governance.vault.letters import LetterSeal
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.governance.vault.vault import Vault, VaultError
from gxy_analytics.settings import Settings
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from ingest_service.loader.replay import Selection, show_letters
from ingest_service.spool.record import RecordFlags
from tests.conftest import empty_backend, free_port

PEOPLE = 25
CONTROL_ORDER, CONTROL_PATH = "QX-CONTROL-ORDER-0001", "/qx-control-path-0001"
"""Harmless values of an order and of an event: found wherever the search works."""
PRINTABLE = re.compile(rb"[\x20-\x7e]{6,}")
COLUMNS = ("email", "phone", "first_name", "last_name", "birth_date", "street", "ip_address")


def person(number: int) -> dict[str, str]:
    """Someone whose every value stands out."""
    letters = "abcdefghijklmnopqrstuvwxyz"[number] * 3
    return {
        "email": f"zq{letters}.planted@mail{number}.example",
        "phone": f"+49 30 5550{number:04d}77",
        "first_name": f"Zqfirst{letters}",
        "last_name": f"Zqlast{letters}",
        "birth_date": f"1967-09-{number + 1:02d}",
        "street": f"Zqstreet{letters} {number + 100}",
        "ip_address": f"198.51.100.{number + 200}" if number % 2 else f"2001:db8:77:{number + 4096:x}::{number + 40000:x}",
    }


PLANTED = [value for number in range(PEOPLE) for name, value in person(number).items() if name != "birth_date"]
"""A birth date is not looked for: days of 1967 are also numbers of other things."""


@dataclass
class Dump:
    """What a stack without its key file leaves: every row as text by table, and every file."""

    client: Client
    rows: dict[str, str]
    files: list[tuple[Path, bytes]]
    loader_files: list[tuple[Path, bytes]]


def events(number: int) -> Iterator[dict[str, object]]:
    """What the person does on a site whose tracker is careless."""
    who = person(number)
    email, url = who["email"], f"https://shop.example{CONTROL_PATH}"
    yield event(name="page_viewed", user_id=f"user-{number}", page={"url": f"{url}?email={email}&tel={who['phone']}#{email}"})
    yield event(name="identify", user_id=f"user-{number}", traits={**who, "name": who["first_name"], "plan": "gold"})
    yield event(name="search_performed", search={"query": f"order of {email}"})
    yield event(name="form_sent", properties={"note": f"call {who['phone']} or {email}", "street": who["street"], "qty": 1})
    yield {"name": "identify", "user_id": f"user-{number}", "traits": who, "email": email}  # no event_id: a dead letter


def torn(number: int) -> bytes:
    """A body that was cut off, of the person."""
    return json.dumps({"events": [{"traits": person(number)}]}).encode()[:-2]


def fill_backend(oltp: psycopg.Connection) -> None:
    oltp.execute(SHOP)
    for number in range(PEOPLE):
        who = person(number)
        names = ("email", "phone", "first_name", "last_name", "birth_date", "street")
        ((key,),) = oltp.execute(
            f"insert into customers (tenant_id, {', '.join(names)}) values (1, %s, %s, %s, %s, %s, %s) returning id",
            tuple(who[name] for name in names),
        ).fetchall()
        oltp.execute(
            "insert into orders (tenant_id, customer_id, number, currency, ip_address, placed_at) "
            "values (1, %s, %s, 'EUR', %s, '2026-03-01')",
            (key, CONTROL_ORDER, who["ip_address"]),
        )


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory, oltp_server: EmbeddedPostgres) -> Iterator[Dump]:
    """A warehouse of its own, filled by extraction and loader, looked at as a whole."""
    directory = tmp_path_factory.mktemp("dump")
    server = EmbeddedClickHouse(directory / "clickhouse", "test-password", free_port(), free_port())
    server.start()
    try:
        with connect(server.url, purpose="tests") as client, psycopg.connect(oltp_server.url, autocommit=True) as oltp:
            migrate(client, Settings())
            empty_backend(oltp)
            oltp.execute("alter table customers add column street varchar(255)")
            fill_backend(oltp)
            with open_source(oltp_server.url) as source:
                extract_all(source, client, master_key=MASTER)
            oltp.execute("alter table customers drop column street")
            world = LoaderWorld(directory / "gxy", server.url, client)
            world.spool(*(list(events(number)) for number in range(PEOPLE)), headers={"referer": f"https://x/?m={PLANTED[0]}"})
            world.spool(*(torn(number) for number in range(PEOPLE)), flags=RecordFlags.MALFORMED)
            world.load()
            client.command("system flush logs")
            files = list(texts(directory / "clickhouse"))
            yield Dump(client, everything(client), files, list(texts(world.settings.loader_dir)))
    finally:
        server.stop()


def everything(client: Client) -> dict[str, str]:
    """Every row of every table that holds rows, the server's own logs included, as JSON."""
    tables = client.query(
        "select database, name from system.tables where engine like '%MergeTree' and database not ilike 'information_schema'"
    ).result_rows
    return {
        f"{d}.{t}": client.raw_query(f"select * from `{d}`.`{t}` format JSONEachRow").decode("utf-8", "replace")
        for d, t in tables
    }


def test_no_row_of_any_table_holds_a_planted_value(dump: Dump) -> None:
    assert CONTROL_ORDER in dump.rows["raw.oltp_orders"]
    assert CONTROL_PATH in dump.rows["raw.events"]
    assert dump.rows["raw.events"].count("\n") == 4 * PEOPLE
    assert dump.rows["raw.events_rejected"].count("\n") == 2 * PEOPLE
    found = [(table, value) for table, text in dump.rows.items() for value in PLANTED if value.lower() in text.lower()]
    assert found == []


def test_no_byte_on_the_disk_holds_a_planted_value_the_vault_included(dump: Dump) -> None:
    for control in (CONTROL_ORDER, CONTROL_PATH, "wrapped_key"):
        assert any(control.encode() in content for _, content in dump.files), control
    sealed = json.loads(dump.rows["pii.customers"].splitlines()[0])["ciphertext"]
    assert any(sealed.encode() in content for _, content in dump.files)
    found = [
        (path, value)
        for path, content in (*dump.files, *dump.loader_files)
        for value in PLANTED
        if value.encode() in content or value.lower().encode() in content
    ]
    assert found == []


def test_the_bytes_hold_nothing_of_the_form_of_an_e_mail_address(dump: Dump) -> None:
    address = re.compile(EMAIL.encode())
    strings = {text for path, content in dump.files if path.suffix == ".bin" for text in PRINTABLE.findall(content)}
    assert len(strings) > PEOPLE
    assert [text for text in strings if address.search(text)] == []


def test_with_the_key_file_the_vault_and_every_dead_letter_open(dump: Dump) -> None:
    pids = [json.loads(row)["customer_pid"] for row in dump.rows["pii.customers"].splitlines()]
    known = VaultReader(dump.client, MASTER).customers("acme", pids, reason="test")
    letters = show_letters(dump.client, SEAL, Selection(), limit=1000, shown=10_000, why="test")
    texts = [json.dumps(list(known.values()), ensure_ascii=False), "".join(letter["raw"] for letter in letters)]
    for number in range(PEOPLE):
        assert all(person(number)["email"] in text for text in texts)


def test_without_the_key_file_neither_opens(dump: Dump) -> None:
    pids = [json.loads(row)["customer_pid"] for row in dump.rows["pii.customers"].splitlines()]
    with pytest.raises(VaultError):
        VaultReader(dump.client, MASTER[::-1]).customers("acme", pids, reason="test")
    with pytest.raises(VaultError):
        show_letters(dump.client, LetterSeal(MASTER), Selection(), why="test")


def test_the_scanner_finds_nobody_and_with_the_key_file_the_vault_knows_everyone(dump: Dump) -> None:
    scan = scan_warehouse(dump.client, Vault(MASTER))
    assert scan.people == PEOPLE + 2
    assert [str(finding) for finding in scan.findings] == []
