"""Extraction in bounded memory: a process of its own reads millions of rows and reports its peak.

Each customer's values are sealed under a key of her own, a guest's order under its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, rows

from gxy_analytics.settings import Settings

LIMIT_MIB = 512
ORDERS = 1_000_000
ITEMS = 3_000_000
GUESTS = 4  # every fourth order is a guest's, sealed under a key of its own
# VmHWM, not ru_maxrss: the latter is inherited from the process that forked this one.
CHILD = """
import json, re, sys
from pathlib import Path
from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction.extract import extract_table
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.warehouse.client import connect
oltp_url, clickhouse_url, master, *names = sys.argv[1:]
reports = {}
with open_source(oltp_url) as source, connect(clickhouse_url, purpose="volume") as client:
    for name in names:
        reports[name] = extract_table(TABLES[name], source, client, master_key=bytes.fromhex(master)).rows_changed
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps({"peak_mib": peak, "changed": reports}))
"""
FILL = f"""
set session_replication_role = replica;
insert into tenants (slug, name) values ('acme', 'Acme');
insert into customers (tenant_id, email, first_name)
    select 1, 'customer' || g || '@example.com', 'Customer ' || g from generate_series(1, {ORDERS // 2}) g;
insert into orders (tenant_id, customer_id, number, currency, grand_total, ip_address, placed_at)
    select 1, case when g % {GUESTS} > 0 then 1 + g % {ORDERS // 2} end, 'N' || g, 'EUR', g / 100.0,
        '198.51.' || g % 256 || '.' || g / 256 % 256,
        timestamp '2025-01-01' + g * interval '20 seconds'
    from generate_series(1, {ORDERS}) g;
insert into order_items (tenant_id, order_id, quantity, unit_price, total)
    select 1, 1 + g % {ORDERS}, 1, 9.99, 9.99 from generate_series(1, {ITEMS}) g;
set session_replication_role = origin;
"""
SUBJECTS = ORDERS // 2 + ORDERS // GUESTS
SEALED = """
select
    (select count() from pii.customers where (customer_pid, key_id) in (select subject, key_id from pii.keys)),
    (
        select count() from pii.orders
        where (if(customer_pid = '', concat('order:', toString(order_id)), customer_pid), key_id) in
            (select subject, key_id from pii.keys)
    )
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_table_of_millions_of_rows_is_extracted_within_512_mib(
    oltp: psycopg.Connection, clickhouse: Client, settings: Settings, record_property: Callable[[str, object], None]
) -> None:
    oltp.execute(FILL)
    assert settings.oltp_url
    assert settings.clickhouse_url
    names = ("tenants", "customers", "orders", "order_items")
    command = [sys.executable, "-c", CHILD, settings.oltp_url, settings.clickhouse_url, MASTER.hex(), *names]
    first = run(command)
    record_property("first", first)
    assert first["changed"] == {"tenants": 1, "customers": ORDERS // 2, "orders": ORDERS, "order_items": ITEMS}
    assert first["peak_mib"] <= LIMIT_MIB, first
    keys = "select count(), uniqExact(subject), uniqExact(key_id), countIf(subject like 'order:%') from pii.keys"
    assert rows(clickhouse, keys) == [(SUBJECTS, SUBJECTS, SUBJECTS, ORDERS // GUESTS)]
    assert rows(clickhouse, SEALED) == [(ORDERS // 2, ORDERS)]
    again = run(command)
    record_property("again", again)
    assert set(again["changed"].values()) == {0}
    assert again["peak_mib"] <= LIMIT_MIB, again
    assert (
        rows(clickhouse, "select sum(grand_total) from raw.oltp_orders final")
        == oltp.execute("select sum(grand_total) from orders").fetchall()
    )


def run(command: list[str]) -> dict:
    """What the child printed; its error where it failed."""
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
