"""Personal data never reaches `raw` or `governance`, nor the disk in the clear, and comes back out of the vault exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, SHOP, extract, extract_these, rows

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_all, extract_table
from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.retention.holds import lift_hold, place_hold
from gxy_analytics.governance.suppressions import CUSTOMER, identity_hash
from gxy_analytics.governance.vault.fingerprints import OtherMasterKeyError
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse

PLANTED = {
    "email": "xq7-anna.planted@mail.example",
    "phone": "+49-30-77712345-xq7",
    "first_name": "Xqannabellexq",
    "last_name": "Xqplanteddottirxq",
    "birth_date": "1987-11-23",
}
IPS = ("198.51.100.213", "2001:db8:77:99:aaaa:bbbb:cccc:dddd")
MERGE_TREES = (
    "select database, name from system.tables "
    "where database in ('raw', 'pii', 'governance') and name != 'schema_migrations' and engine like '%MergeTree'"
)
# Found wherever scanning works: an order's number is no personal value.
CONTROL = "XQ7-CONTROL-NUMBER-0001"


@pytest.fixture
def planted(oltp: psycopg.Connection, settings: Settings) -> Iterator[Source]:
    oltp.execute(SHOP)
    oltp.execute(
        f"insert into customers (tenant_id, {', '.join(PLANTED)}) values (1, %s, %s, %s, %s, %s)", tuple(PLANTED.values())
    )
    for ip in IPS:
        oltp.execute(
            "insert into orders (tenant_id, customer_id, number, currency, ip_address, placed_at) "
            "values (1, 3, %s, 'EUR', %s, '2026-03-01')",
            (CONTROL, ip),
        )
    oltp.execute("insert into orders (tenant_id, number, currency, placed_at) values (1, 'BAD', 'eur', '2026-03-01')")
    oltp.execute("update customers set accepts_marketing = true where id = 3")
    assert settings.oltp_url
    with open_source(settings.oltp_url) as opened:
        yield opened


def dump(client: Client, databases: tuple[str, ...]) -> str:
    """Every row of every table of the databases, as JSON."""
    tables = client.query(
        "select database, name from system.tables where database in {databases:Array(String)} and engine not like '%View'",
        parameters={"databases": list(databases)},
    ).result_rows
    return "\n".join(client.raw_query(f"select * from {d}.{t} format JSONEachRow").decode() for d, t in tables)


def test_no_planted_value_is_in_any_table(planted: Source, clickhouse: Client) -> None:
    extract_all(planted, clickhouse, master_key=MASTER)
    text = dump(clickhouse, ("raw", "governance", "pii", "staging", "marts"))
    assert CONTROL in text
    assert [value for value in (*PLANTED.values(), *IPS) if value in text] == []
    assert "198.51.100.0" in text
    assert "2001:db8:77::" in text


def test_no_planted_value_is_on_the_disk_or_in_the_logs(
    planted: Source, clickhouse: Client, clickhouse_server: EmbeddedClickHouse
) -> None:
    """Compressed files would hide what the scan looks for, so the tables are written uncompressed."""
    tables = [f"{database}.{name}" for database, name in rows(clickhouse, MERGE_TREES)]
    for table in tables:
        clickhouse.command(f"alter table {table} modify setting default_compression_codec = 'NONE'")
    try:
        extract_all(planted, clickhouse, master_key=MASTER)
        clickhouse.command("system flush logs")
        found = {path: path.read_bytes() for path in files(clickhouse_server.directory)}
    finally:
        for table in tables:
            clickhouse.command(f"alter table {table} reset setting default_compression_codec")
    assert any(CONTROL.encode() in content for content in found.values())
    for value in (*PLANTED.values(), *IPS):
        assert [path for path, content in found.items() if value.encode() in content] == []


def files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file() and path.stat().st_size < 50_000_000)


def test_the_vault_gives_back_what_the_backend_holds(planted: Source, clickhouse: Client) -> None:
    extract_all(planted, clickhouse, master_key=MASTER)
    reader, pid = VaultReader(clickhouse, MASTER), Pseudonyms(MASTER).customer_pid("acme", 3)
    assert reader.customers("acme", [pid], reason="test") == {pid: PLANTED}
    addresses = reader.orders("acme", pids=[pid], reason="test")
    assert [addresses[order] for order in sorted(addresses)] == [{"ip_address": ip} for ip in IPS]


def test_only_changed_personal_values_are_sealed_again(planted: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract_all(planted, clickhouse, master_key=MASTER)
    versions = "select count() from pii.customers"
    assert rows(clickhouse, versions) == [(3,)]
    oltp.execute("update customers set city = 'Bonn', updated_at = now() at time zone 'utc' where id = 3")
    assert extract("customers", planted, clickhouse).rows_changed == 1
    assert rows(clickhouse, versions) == [(3,)]
    oltp.execute("update customers set phone = '1', updated_at = now() at time zone 'utc' where id = 3")
    assert extract("customers", planted, clickhouse).rows_changed == 0
    assert rows(clickhouse, versions) == [(4,)]


def test_values_the_backend_anonymised_leave_the_vault(planted: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract_all(planted, clickhouse, master_key=MASTER)
    oltp.execute("update orders set ip_address = null, updated_at = now() at time zone 'utc'")
    extract("orders", planted, clickhouse)
    assert rows(clickhouse, "select distinct key_id, ciphertext from pii.orders final") == [("", "")]


@pytest.mark.parametrize("is_whole_tenant", [True, False])
def test_a_legal_hold_keeps_what_the_backend_deletes_until_it_is_lifted(
    planted: Source, oltp: psycopg.Connection, clickhouse: Client, is_whole_tenant: bool
) -> None:
    extract_all(planted, clickhouse, master_key=MASTER)
    reader, pid = VaultReader(clickhouse, MASTER), Pseudonyms(MASTER).customer_pid("acme", 3)
    about = "" if is_whole_tenant else identity_hash("acme", CUSTOMER, pid)
    hold = place_hold(clickhouse, "acme", "case 12", actor="counsel", subject_hash=about)
    keys = "select count() from pii.keys where tenant_id = 'acme'"
    before = rows(clickhouse, keys)
    oltp.execute("delete from orders where customer_id = 3")
    oltp.execute("delete from customers where id = 3")
    extract_these("customers orders", planted, clickhouse)
    assert rows(clickhouse, f"select is_deleted from raw.oltp_customers final where customer_pid = '{pid}'") == [(True,)]
    assert reader.customers("acme", [pid], reason="test") == {pid: PLANTED}
    assert len(reader.orders("acme", pids=[pid], reason="test")) == len(IPS)
    assert rows(clickhouse, keys) == before
    lift_hold(clickhouse, hold.hold_id, actor="counsel")
    extract_these("customers orders", planted, clickhouse)
    assert reader.customers("acme", [pid], reason="test") == {}
    assert reader.orders("acme", pids=[pid], reason="test") == {}
    assert rows(clickhouse, keys)[0][0] < before[0][0]


def test_a_guest_order_has_no_customer_and_a_reject_has_no_value(planted: Source, clickhouse: Client) -> None:
    extract_all(planted, clickhouse, master_key=MASTER)
    assert rows(clickhouse, "select customer_pid from raw.oltp_orders final where tenant_id = 'umbra'") == [("",)]
    reject = json.loads(clickhouse.raw_query("select * from governance.extraction_rejects final format JSONEachRow"))
    assert (reject["column_name"], reject["reason"]) == ("currency", "is not an ISO 4217 code")


def test_another_master_key_is_refused_before_anything_is_written(planted: Source, clickhouse: Client) -> None:
    extract_these("tenants customers orders", planted, clickhouse)
    before = rows(clickhouse, "select customer_pid, is_deleted from raw.oltp_customers order by all")
    for table in ("customers", "orders"):
        with pytest.raises(OtherMasterKeyError, match="restore that key to GXY_MASTER_KEY_FILE"):
            extract_table(TABLES[table], planted, clickhouse, master_key=MASTER[::-1])
    assert rows(clickhouse, "select customer_pid, is_deleted from raw.oltp_customers order by all") == before
