"""What the backend has of a suppressed customer is not brought back: attributes, personal values, the owner of old orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, SHOP, extract_these, rejects, rows

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_table
from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.suppressions import lift, suppress
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.settings import Settings

UNTIL = datetime(2026, 4, 1, tzinfo=UTC)
ANNA = Pseudonyms(MASTER).customer_pid("acme", 1)
CARLA = Pseudonyms(MASTER).customer_pid("acme", 3)
# Anna comes back in May; Carla is another customer of the same shop; a guest; and Bo's shop has an order of the same day.
MORE = """
update customers set city = 'Bonn', postal_code = '53111', gender = 'f', created_at = '2026-01-01';
insert into customers (tenant_id, email, city, created_at) values (1, 'carla@example.com', 'Ulm', '2026-01-01');
update orders set shipping_city = 'Bonn', shipping_postal_code = '53111', billing_country = 'DE';
insert into orders (tenant_id, customer_id, number, status, currency, grand_total, ip_address, shipping_city, placed_at) values
    (1, 1, 'A-2', 'paid', 'EUR', 5, '203.0.113.99', 'Köln', '2026-05-01'),
    (1, 3, 'A-3', 'paid', 'EUR', 7, '203.0.113.55', 'Ulm', '2026-03-01'),
    (1, null, 'A-4', 'paid', 'EUR', 9, '203.0.113.11', 'Ulm', '2026-03-01');
update payments set card_fingerprint = 'card-of-anna';
insert into payments (tenant_id, order_id, status, amount, currency, card_fingerprint, processed_at) values
    (1, 3, 'captured', 5, 'EUR', 'card-of-anna', '2026-05-01'),
    (1, 4, 'captured', 7, 'EUR', 'card-of-carla', '2026-03-01');
"""
ORDERS = (
    "select number, customer_pid, ip_truncated, shipping_city, shipping_postal_code from raw.oltp_orders final order by number"
)
ACME = "where tenant_id = 'acme'"
CUSTOMERS = f"select customer_pid, city, gender, country, is_deleted from raw.oltp_customers final {ACME} order by city"
PAYMENTS = "select order_id, card_fingerprint from raw.oltp_payments final order by 1"
SEALED_CUSTOMERS = f"select customer_pid from pii.customers final {ACME} and ciphertext != '' order by 1"
SEALED_ORDERS = f"select order_id from pii.orders final {ACME} and ciphertext != '' order by 1"
GMV = "select tenant_id, sum(grand_total), sum(subtotal), count() from raw.oltp_orders final group by 1 order by 1"
NAMES = ("tenants", "customers", "orders", "payments")
STATE = [ORDERS, CUSTOMERS, PAYMENTS, SEALED_CUSTOMERS, SEALED_ORDERS, GMV]


@pytest.fixture
def source(oltp: psycopg.Connection, settings: Settings) -> Iterator[Source]:
    oltp.execute(SHOP)
    oltp.execute(MORE)
    assert settings.oltp_url
    with open_source(settings.oltp_url) as opened:
        yield opened


Ask = Callable[[], tuple[str, UUID]]


@pytest.fixture
def ask(clickhouse: Client) -> Ask:
    """Suppresses Anna; returns her tombstone and the request."""

    def suppress_anna() -> tuple[str, UUID]:
        request_id = uuid4()
        told: dict[str, Any] = {"customer_pids": [ANNA], "anonymous_ids": [], "until": UNTIL, "request_id": request_id}
        return suppress(clickhouse, "acme", **told)[ANNA], request_id

    return suppress_anna


def extract_everything(source: Source, client: Client, *, full: bool = False) -> tuple[int, int]:
    """Versions and tombstones written over the tables that a customer is in."""
    reports = [extract_table(TABLES[name], source, client, master_key=MASTER, full=full) for name in NAMES]
    return sum(report.rows_changed for report in reports), sum(report.rows_deleted for report in reports)


def erase(client: Client, tombstone: str) -> None:
    """What an erasure does to the tables that the extraction writes."""
    client.command(f"delete from raw.oltp_customers where customer_pid = '{ANNA}'")
    client.command(f"delete from pii.customers where customer_pid = '{ANNA}'")
    client.command("delete from pii.orders where order_id = 1")
    client.command(
        f"alter table raw.oltp_orders update customer_pid = '{tombstone}', ip_truncated = '', shipping_city = '', "
        f"shipping_postal_code = '' where customer_pid = '{ANNA}' and placed_at <= '2026-04-01' settings mutations_sync = 1"
    )
    client.command("alter table raw.oltp_payments update card_fingerprint = '' where order_id = 1 settings mutations_sync = 1")


def expected_orders(tombstone: str) -> list[tuple]:
    return [
        ("A-1", tombstone, "", "", ""),
        ("A-2", ANNA, "203.0.113.0", "Köln", ""),
        ("A-3", CARLA, "203.0.113.0", "Ulm", ""),
        ("A-4", "", "203.0.113.0", "Ulm", ""),
        ("U-1", "", "", "Bonn", "53111"),
    ]


def test_rows_that_are_read_for_the_first_time_after_the_request_leave_the_person_out(
    clickhouse: Client, source: Source, ask: Ask
) -> None:
    tombstone, _ = ask()
    extract_everything(source, clickhouse)
    assert rows(clickhouse, ORDERS) == expected_orders(tombstone)
    assert rows(clickhouse, CUSTOMERS) == [(CARLA, "Ulm", "", "", False)]
    assert rows(clickhouse, PAYMENTS) == [(1, ""), (3, "card-of-anna"), (4, "card-of-carla")]
    assert rows(clickhouse, SEALED_CUSTOMERS) == [(CARLA,)]
    assert rows(clickhouse, SEALED_ORDERS) == [(3,), (4,), (5,)]


def test_rows_that_are_there_already_are_blanked_when_they_are_read_again(clickhouse: Client, source: Source, ask: Ask) -> None:
    extract_everything(source, clickhouse)
    assert len(rows(clickhouse, CUSTOMERS)) == 2
    tombstone, _ = ask()
    extract_everything(source, clickhouse, full=True)
    assert rows(clickhouse, ORDERS) == expected_orders(tombstone)
    assert rows(clickhouse, CUSTOMERS) == [(ANNA, "", "", "", True), (CARLA, "Ulm", "", "", False)]
    stub = "select birth_year, region, postal_code, accepts_marketing, toUnixTimestamp(created_at) from raw.oltp_customers final"
    assert rows(clickhouse, f"{stub} where customer_pid = '{ANNA}'") == [(None, "", "", False, 0)]


def test_after_an_erasure_nothing_comes_back_whatever_the_backend_changes(
    clickhouse: Client, oltp: psycopg.Connection, source: Source, ask: Ask
) -> None:
    extract_everything(source, clickhouse)
    before = rows(clickhouse, GMV)
    tombstone, _ = ask()
    erase(clickhouse, tombstone)
    oltp.execute("update customers set city = 'Trier', email = 'new@example.com', updated_at = now() where id = 1")
    oltp.execute("update orders set status = 'fulfilled', ip_address = '203.0.113.1', updated_at = now() where id = 1")
    oltp.execute("update payments set status = 'failed', updated_at = now() where order_id = 1")
    for full in (False, True):
        extract_everything(source, clickhouse, full=full)
        assert rows(clickhouse, ORDERS) == expected_orders(tombstone)
        assert rows(clickhouse, CUSTOMERS) == [(CARLA, "Ulm", "", "", False)]
        assert rows(clickhouse, PAYMENTS)[0] == (1, "")
        assert rows(clickhouse, SEALED_CUSTOMERS) == [(CARLA,)]
        assert rows(clickhouse, SEALED_ORDERS) == [(3,), (4,), (5,)]
    assert rows(clickhouse, GMV) == before
    assert rows(clickhouse, "select status from raw.oltp_orders final where order_id = 1") == [("fulfilled",)]


@pytest.mark.parametrize("is_erased", [True, False])
def test_running_again_changes_nothing_and_fetches_nothing(
    clickhouse: Client, source: Source, ask: Ask, monkeypatch: pytest.MonkeyPatch, is_erased: bool
) -> None:
    extract_everything(source, clickhouse)
    tombstone, _ = ask()
    if is_erased:
        erase(clickhouse, tombstone)
    extract_everything(source, clickhouse, full=True)
    state = [rows(clickhouse, sql) for sql in STATE]
    assert extract_everything(source, clickhouse, full=True) == (0, 0)
    assert [rows(clickhouse, sql) for sql in STATE] == state
    fetched: list[list[int]] = []
    monkeypatch.setattr("gxy_analytics.extraction.extract._fetch", lambda spec, source, loader, keys: fetched.append(keys))
    assert extract_everything(source, clickhouse) == (0, 0)
    assert fetched == []  # the key sets are equal


def test_a_suppressed_customer_who_is_live_here_is_found_by_the_key_sets_alone(
    clickhouse: Client, source: Source, ask: Ask
) -> None:
    extract_these("tenants customers", source, clickhouse)
    clickhouse.command("alter table governance.watermarks update watermark = '2030-01-01' where 1 settings mutations_sync = 1")
    ask()
    extract_these("customers", source, clickhouse)
    assert rows(clickhouse, CUSTOMERS)[0] == (ANNA, "", "", "", True)


def test_what_is_gone_from_the_backend_too_leaves_things_as_they_are(
    clickhouse: Client, oltp: psycopg.Connection, source: Source, ask: Ask
) -> None:
    extract_everything(source, clickhouse)
    tombstone, _ = ask()
    erase(clickhouse, tombstone)
    extract_everything(source, clickhouse, full=True)
    oltp.execute("update orders set customer_id = null where customer_id = 1")
    oltp.execute("delete from customers where id = 1")
    assert extract_everything(source, clickhouse) == (1, 0)  # the later order is nobody's now
    assert rows(clickhouse, ORDERS)[0] == expected_orders(tombstone)[0]
    assert rows(clickhouse, SEALED_ORDERS) == [(3,), (4,), (5,)]


def test_a_lifted_request_lets_the_customer_come_back(clickhouse: Client, source: Source, ask: Ask) -> None:
    _, request_id = ask()
    extract_everything(source, clickhouse)
    lift(clickhouse, "acme", request_id)
    extract_everything(source, clickhouse)
    assert (ANNA, "Bonn", "f", "DE", False) in rows(clickhouse, CUSTOMERS)
    assert sorted(rows(clickhouse, SEALED_CUSTOMERS)) == sorted([(ANNA,), (CARLA,)])


def test_a_customer_row_that_does_not_fit_is_no_reject_when_its_person_is_suppressed(
    clickhouse: Client, oltp: psycopg.Connection, source: Source, ask: Ask
) -> None:
    oltp.execute("update customers set created_at = '2700-01-01' where id in (1, 3)")
    ask()
    extract_these("tenants customers", source, clickhouse)
    assert [key for _, _, key, _, _ in rejects(clickhouse)] == ["3"]


def test_every_table_that_names_a_customer_is_judged() -> None:
    """A new table with a pseudonym needs its rule in `extraction.suppressed`."""
    named = {name for name, spec in TABLES.items() if any(column.name == "customer_pid" for column in spec.columns)}
    assert named == {"customers", "orders"}
