"""A shop with Anna, Bo and a guest, and another shop with another Anna. What is proved about reports is in the tests.

What is hers begins with `hers`, what is anybody else's with `theirs`: a report is searched for the latter as text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client
from subject_world import MASTER, NOON, pid, seen

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.governance.privacy_report.report import MadeReport, make_report
from gxy_analytics.governance.suppressions import ANONYMOUS, identity_hash
from gxy_analytics.governance.vault.letter_subjects import MAX_SUBJECTS, TOO_MANY
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.settings import Settings

ANNA, BO, OTHER_ANNA = pid("acme", 1), pid("acme", 2), pid("umbra", 3)
HOSTILE = "hers</script><script>alert(1)</script><img src=x onerror=alert(2)>\"' \u202eevil"
SHOP = """
insert into tenants (slug, name, country, currency, timezone) values
    ('acme', 'Acme & Sons', 'DE', 'EUR', 'Europe/Berlin'), ('umbra', 'Umbra', 'US', 'USD', 'America/New_York');
insert into customers (tenant_id, email, phone, first_name, last_name, birth_date, gender, country, region, city, postal_code,
    accepts_marketing, created_at) values
    (1, 'anna@example.com', '+49 30 hers', 'Anna', 'hersname', '1990-05-01', 'f', 'DE', 'hersregion', 'herscity', 'hers1', true,
     '2025-01-31 23:30:00'),
    (1, 'theirs-bo@example.com', '+49 30 theirs', 'theirsbo', 'theirslast', '1970-01-02', 'm', 'DE', '', 'theirscity', 'theirs1',
     false, '2025-01-01 00:00:00'),
    (2, 'anna@example.com', '+1 theirs', 'Anna', 'theirsumbra', '1980-03-04', 'f', 'US', '', 'theirsalem', 'theirs2', true,
     '2025-01-01 00:00:00');
insert into categories (tenant_id, name, slug) values (1, 'Shoes', 'shoes');
insert into products (tenant_id, category_id, name, sku, price, currency) values
    (1, 1, 'hersboot', 'B-1', 79.90, 'EUR'), (2, null, 'theirscap', 'C-1', 9.99, 'USD'), (1, 1, 'theirsandal', 'S-1', 20, 'EUR');
insert into orders (tenant_id, customer_id, number, status, currency, subtotal, discount_total, shipping_total, tax_total,
    grand_total, coupon_code, channel, ip_address, billing_country, shipping_country, shipping_city, shipping_postal_code,
    placed_at) values
    (1, 1, 'hers-1', 'paid', 'EUR', 1159.80, 10.10, 4.90, 0, 1154.60, 'SPRING', 'web', '203.0.113.77', 'DE', 'AT', 'herswien',
     'hers1010', '2026-03-01 10:00:00'),
    (1, 1, 'hers-2', 'cancelled', 'EUR', 20, 0, 0, 0, 20, '', 'web', null, 'DE', 'DE', 'herscity', 'hers1',
     '2026-07-01 22:30:00'),
    (1, 2, 'theirs-3', 'paid', 'EUR', 33.33, 0, 0, 0, 33.33, '', 'web', '198.51.100.99', 'DE', 'DE', 'theirscity', 'theirs1',
     '2026-03-01 11:00:00'),
    (1, null, 'theirs-guest', 'paid', 'EUR', 5, 0, 0, 0, 5, '', 'web', '198.51.100.98', 'DE', 'DE', 'theirsguest', '',
     '2026-03-01'),
    (2, 3, 'theirs-umbra', 'paid', 'USD', 9.99, 0, 0, 0, 9.99, '', 'web', '192.0.2.55', 'US', 'US', 'theirsalem', '',
     '2026-03-02');
insert into order_items (tenant_id, order_id, product_id, quantity, unit_price, total) values
    (1, 1, 1, 2, 79.90, 159.80), (1, 3, 3, 1, 33.33, 33.33), (2, 5, 2, 1, 9.99, 9.99);
insert into payments (tenant_id, order_id, provider, method, status, amount, currency, card_fingerprint, card_country,
    processed_at) values
    (1, 1, 'herspay', 'card', 'captured', 1154.60, 'EUR', 'hersfingerprint', 'DE', '2026-03-01 10:01:00'),
    (1, 3, 'theirspay', 'card', 'captured', 33.33, 'EUR', 'theirsfingerprint', 'DE', '2026-03-01 11:01:00');
insert into shipments (tenant_id, order_id, carrier, status, shipped_at) values
    (1, 1, 'herspost', 'shipped', '2026-03-02 08:00:00'), (1, 3, 'theirspost', 'shipped', '2026-03-02 08:00:00');
insert into refunds (tenant_id, order_id, order_item_id, amount, quantity, reason, processed_at) values
    (1, 1, 1, 79.90, 1, 'hersreason', '2026-03-05 09:00:00'), (1, 3, 2, 1.23, 1, 'theirsreason', '2026-03-05 09:00:00');
"""
SESSIONS = """
create table marts.fct_sessions (tenant_id String, local_date Date, session_id String, visitor_id String, customer_pid String,
    started_at DateTime64(3, 'UTC'), duration_seconds UInt32, page_views UInt32, landing_path String, channel String)
engine MergeTree order by (tenant_id, visitor_id)
"""
CUSTOMERS = """
create table marts.dim_customers (tenant_id String, customer_pid String comment 'Pseudonym', orders UInt64, currency String,
    lifetime_value Decimal(18, 4), recency_score Nullable(UInt8), rfm_segment String)
engine MergeTree order by (tenant_id, customer_pid)
"""


def fill(client: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    """Both shops through extraction, events straight into raw, two tables as dbt would make them."""
    oltp.execute(SHOP)
    assert settings.oltp_url
    with open_source(settings.oltp_url) as source:
        extract_all(source, client, master_key=MASTER)
    page = {
        "page_title": HOSTILE,
        "page_url": "https://acme.example/hers",
        "ip_truncated": "203.0.113.0",
        "user_agent": "hersbrowser",
    }
    seen(client, "acme", [("hers-phone", ANNA), ("hers-phone", ""), ("theirs-kiosk", ANNA)], consent={"analytics": True}, **page)
    items = {"items.product_id": ["1"], "items.name": ["hersboot"], "items.price": ["79.9"], "items.quantity": [2]}
    added = {"name": "product_added", "currency": "EUR", "cart_value": "79.90", "properties": '{"hers": "note", "n": 1.5}'}
    seen(client, "acme", [("hers-phone", ANNA)], **added, **items)
    seen(client, "acme", [("theirs-kiosk", BO), ("theirs-kiosk", ""), ("theirs-bos", BO)], page_title="theirspage")
    seen(client, "umbra", [("hers-phone", OTHER_ANNA), ("hers-phone", "")], page_title="theirsumbrapage")
    letter(client, "acme", b'{"anonymous_id": "hers-phone", "name": "hersletter"', "hers-phone")
    letter(client, "acme", b'{"anonymous_id": "hers-phone", "email": "theirs@example.com"', "hers-phone", "theirs-bos")
    letter(client, "acme", b'{"anonymous_id": "theirs-bos"', "theirs-bos")
    letter(client, "acme", many(b'{"anonymous_id": "hers-phone", "name": "theirscrowd"}'))
    letter(client, "umbra", b'{"anonymous_id": "hers-phone", "name": "theirsletter"', "hers-phone")
    client.command(SESSIONS)
    client.command(CUSTOMERS)
    sessions = [[tenant, "2026-03-01", name, visitor, who, "2026-03-01 12:00:00", 200, 2, f"/{name}", "Direct"]
                for tenant, name, visitor, who in (
                    ("acme", "hers-signed-in", "hers-phone", ANNA), ("acme", "hers-before", "hers-phone", ""),
                    ("acme", "hers-by-pid", ANNA, ANNA), ("acme", "theirs-visit", "theirs-kiosk", BO),
                    ("umbra", "theirs-umbra-visit", "hers-phone", OTHER_ANNA))]  # fmt: skip
    insert(client, "marts.fct_sessions", sessions)
    scored = [["acme", ANNA, 2, "EUR", "1174.6000", 5, "champions"], ["acme", BO, 1, "EUR", "33.33", 1, "lost"]]
    insert(client, "marts.dim_customers", scored)


def many(first: bytes) -> bytes:
    """A body that names more people than its row."""
    return first + b"".join(b'{"anonymous_id": "theirs-%d"}' % number for number in range(MAX_SUBJECTS))


def letter(client: Client, tenant_id: str, raw: bytes, *browsers: str) -> None:
    """A sealed dead letter about these browsers, or about too many."""
    seal, number = LetterSeal(MASTER), f"{len(raw):032x}"
    sealed = seal.seal(tenant_id, number, LetterContent(raw, "not JSON", {"x": "hersheader"}))
    about = [identity_hash(tenant_id, ANONYMOUS, browser) for browser in browsers] or [TOO_MANY]
    row = [tenant_id, number, NOON, NOON, "not_json", sealed, seal.version, about]
    columns = ["tenant_id", "rejected_id", "received_at", "loaded_at", "reason", "raw", "seal_version", "subjects"]
    client.insert("events_rejected", [row], column_names=columns, database="raw")


def insert(client: Client, table: str, rows: list[list[Any]]) -> None:
    """Rows as text: the server reads dates and amounts."""
    lines = "\n".join("\t".join(map(str, row)) for row in rows)
    client.raw_insert(table, insert_block=lines, fmt="TSV")


def report(client: Client, settings: Settings, directory: Path, tenant_id: str = "acme", **identity: Any) -> MadeReport:
    """Make a report with the tests' master key."""
    key = settings.master_key_path
    key.parent.mkdir(parents=True, exist_ok=True)
    key.touch(mode=0o600)
    key.write_bytes(MASTER)
    return make_report(client, settings, tenant_id, directory, reason="ticket 7", **identity)
