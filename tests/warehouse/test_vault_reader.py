"""Reading the vault: never without a reason and a row of the audit, and never a row that was put in another's place."""

from __future__ import annotations

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import SHOP, extract_these, rows
from vault_world import MASTER, seal_customer

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.governance.suppressions import identity_hash
from gxy_analytics.governance.vault import reader as vault_reader
from gxy_analytics.governance.vault.customer_keys import insert_keys
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.governance.vault.reader import MissingReasonError, VaultReader
from gxy_analytics.governance.vault.vault import Place, Vault, VaultError
from gxy_analytics.settings import Settings

ANNA, BO = {"email": "anna@mail.example"}, {"email": "bo@mail.example"}


@pytest.fixture
def reader(clickhouse: Client) -> VaultReader:
    """A vault of two customers of one tenant and one of another."""
    for tenant_id, pid, values in (("acme", "anna", ANNA), ("acme", "bo", BO), ("umbra", "anna", ANNA)):
        seal_customer(clickhouse, MASTER, tenant_id, pid, values)
    return VaultReader(clickhouse, MASTER)


def swap(client: Client, columns: str, tenant_id: str = "acme", pid: str = "bo") -> None:
    """Give anna of acme another row's columns, as somebody who may write could."""
    assignments = ", ".join(
        f"{column} = (select {column} from pii.customers where tenant_id = '{tenant_id}' and customer_pid = '{pid}')"
        for column in columns.split()
    )
    where = "tenant_id = 'acme' and customer_pid = 'anna'"
    client.command(f"alter table pii.customers update {assignments} where {where} settings mutations_sync = 2")


def audit(client: Client) -> list[tuple]:
    return rows(
        client, "select action, tenant_id, subject, reason, rows, details from governance.audit_entries order by recorded_at"
    )


def test_a_reading_is_a_row_of_the_audit_that_names_nobody(reader: VaultReader, clickhouse: Client) -> None:
    assert reader.customers("acme", ["anna", "bo", "nobody"], reason="T-1") == {"anna": ANNA, "bo": BO}
    assert reader.customers("acme", ["anna"], reason="T-2") == {"anna": ANNA}
    assert reader.orders("acme", pids=["anna"], reason="T-3") == {}
    assert reader.find_email("acme", " ANNA@mail.example", reason="T-4") == ["anna"]
    hers = identity_hash("acme", "customer", "anna")[:16]
    assert audit(clickhouse) == [
        ("vault.read", "acme", "", "T-1", 2, '{"what":"customers"}'),
        ("vault.read", "acme", hers, "T-2", 1, '{"what":"customers"}'),
        ("vault.read", "acme", hers, "T-3", 0, '{"what":"orders"}'),
        ("vault.read", "acme", "", "T-4", 2, '{"what":"find_email"}'),
    ]


def test_without_a_reason_nothing_is_opened(reader: VaultReader, clickhouse: Client) -> None:
    for read in (
        lambda: reader.customers("acme", ["anna"], reason=" "),
        lambda: reader.orders("acme", order_ids=[1], reason=""),
        lambda: reader.find_email("acme", "anna@mail.example", reason=""),
    ):
        with pytest.raises(MissingReasonError, match="say why"):
            read()
    assert audit(clickhouse) == []


def test_what_cannot_be_recorded_is_not_opened(reader: VaultReader, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise InterruptedError

    monkeypatch.setattr(vault_reader, "record", refuse)
    monkeypatch.setattr(Vault, "open", lambda *_: pytest.fail("opened"))
    with pytest.raises(InterruptedError):
        reader.customers("acme", ["anna"], reason="T-1")


def test_an_address_is_found_whatever_page_of_the_tenant_it_is_on(
    reader: VaultReader, clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_reader, "ROWS_AT_ONCE", 2)
    for number in range(7):
        seal_customer(clickhouse, MASTER, "acme", f"x{number}", BO)
    assert reader.find_email("acme", "bo@mail.example", reason="T") == ["bo", *(f"x{number}" for number in range(7))]
    assert reader.find_email("umbra", "bo@mail.example", reason="T") == []


@pytest.mark.parametrize("other", [("acme", "bo"), ("umbra", "anna")], ids=["customer", "tenant"])
def test_another_customers_or_tenants_values_do_not_open_in_her_place(
    reader: VaultReader, clickhouse: Client, other: tuple[str, str]
) -> None:
    swap(clickhouse, "ciphertext", *other)
    with pytest.raises(VaultError):
        reader.customers("acme", ["anna"], reason="T")
    swap(clickhouse, "key_id", *other)
    assert reader.customers("acme", ["anna"], reason="T") == {}  # no such key is hers


def test_of_two_keys_that_two_writers_made_at_once_each_opens_its_rows(reader: VaultReader, clickhouse: Client) -> None:
    vault = Vault(MASTER)
    wrapped, key = vault.new_key("acme", "anna")
    insert_keys(clickhouse, [wrapped])
    sealed = vault.seal(Place("acme", "orders", "1"), key, {"ip_address": "198.51.100.7"})
    columns = ["tenant_id", "order_id", "customer_pid", "ciphertext", "key_id"]
    clickhouse.insert("orders", [["acme", 1, "anna", sealed, key.key_id]], columns, database="pii")
    assert reader.customers("acme", ["anna"], reason="T") == {"anna": ANNA}
    assert reader.orders("acme", order_ids=[1], reason="T") == {1: {"ip_address": "198.51.100.7"}}


def test_a_customer_and_her_orders_have_one_key_and_a_guests_order_its_own(
    oltp: psycopg.Connection, clickhouse: Client, settings: Settings
) -> None:
    oltp.execute(SHOP)
    oltp.execute("update orders set ip_address = '198.51.100.9' where id = 2")
    assert settings.oltp_url
    with open_source(settings.oltp_url) as source:
        extract_these("tenants customers orders", source, clickhouse)
        pid = Pseudonyms(MASTER).customer_pid("acme", 1)
        bo = Pseudonyms(MASTER).customer_pid("umbra", 2)
        subjects = [("acme", pid), ("umbra", bo), ("umbra", "order:2")]
        assert sorted(rows(clickhouse, "select tenant_id, subject from pii.keys")) == sorted(subjects)
        oltp.execute("update orders set customer_id = 2, updated_at = now() at time zone 'utc' where id = 2")
        extract_these("orders", source, clickhouse)
    (used,) = rows(clickhouse, "select key_id from pii.orders final where order_id = 2")
    assert rows(clickhouse, f"select key_id from pii.keys where subject = '{bo}'") == [used]
    opened = VaultReader(clickhouse, MASTER).orders("umbra", pids=[bo], reason="T")
    assert opened == {2: {"ip_address": "198.51.100.9"}}
