"""Exporting a tenant in bounded memory, on both sides: the command's own process, and every query the server ran for it.

What is in the files is proved in `test_tenant_export`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.lifecycle.export_files import Format
from gxy_analytics.governance.vault.customer_keys import insert_keys
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.governance.vault.vault import Place, Vault
from gxy_analytics.settings import Settings

LIMIT_MIB = 512
FEW_EVENTS, FEW_PEOPLE, FEW_MIB = 150_000, 2_000, 256  # the events alone are 350 MiB of JSON
MANY_EVENTS, MANY_PEOPLE = 3_000_000, 100_000
PEOPLE_AT_ONCE = 20_000
# VmHWM, not ru_maxrss: the latter is inherited from the process that forked this one.
CHILD = """
import re, sys
from pathlib import Path
from gxy_analytics.cli import main
try:
    main()
except SystemExit as ended:
    if ended.code:
        raise
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
EVENTS = """
insert into raw.events
    (tenant_id, event_id, name, event_time, received_at, loaded_at, anonymous_id, page_url, user_agent, properties)
select
    if(number % 100 = 99, 'umbra', 'acme'), generateUUIDv4(), 'page_viewed', now64(3) - toIntervalSecond(number % 2000000) as at,
    at, at, concat('browser-', toString(number % 50000)), concat('https://shop.example/', hex(cityHash64(number))),
    'Mozilla/5.0 (X11; Linux x86_64)', concat('{"text": "', hex(MD5(toString(number))), repeat('x', 100), '"}')
from numbers({events:UInt64})
"""
TENANTS = """
insert into governance.tenants (tenant_id, oltp_id, timezone, status, changed_at)
values ('acme', 1, 'UTC', 'active', now64(3)), ('umbra', 2, 'UTC', 'active', now64(3))
"""
SERVER_PEAK = """
select max(memory_usage)
from system.query_log
where type = 'QueryFinish' and JSONExtractString(log_comment, 'gxy') = 'tenant-export' and event_time >= {since:DateTime64(3)}
"""


@pytest.mark.parametrize("form", ["jsonl"])
def test_an_export_of_more_than_its_memory_holds_is_streamed(
    clickhouse: Client, settings: Settings, tmp_path: Path, form: Format
) -> None:
    fill(clickhouse, settings, FEW_EVENTS, FEW_PEOPLE)
    measured = export(clickhouse, settings, tmp_path / "out", form)
    assert measured["bytes"] > FEW_MIB << 20
    check(measured, FEW_EVENTS, FEW_PEOPLE, FEW_MIB)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_a_tenant_of_millions_of_events_and_its_personal_data_is_exported_within_512_mib(
    clickhouse: Client, settings: Settings, tmp_path: Path, form: Format, record_property: Callable[[str, object], None]
) -> None:
    fill(clickhouse, settings, MANY_EVENTS, MANY_PEOPLE)
    measured = export(clickhouse, settings, tmp_path / "out", form)
    record_property(form, measured)
    check(measured, MANY_EVENTS, MANY_PEOPLE, LIMIT_MIB)


def fill(client: Client, settings: Settings, events: int, people: int) -> None:
    """One event of a hundred is the neighbour's; an order each for half of the people, and one guest's order for the others."""
    client.command(TENANTS)
    client.command(EVENTS, parameters={"events": events}, settings={"max_partitions_per_insert_block": 0})
    vault = Vault(load_master_key(settings.master_key_path, create=True))
    for first in range(0, people, PEOPLE_AT_ONCE):
        seal_people(client, vault, range(first, min(first + PEOPLE_AT_ONCE, people)))


def seal_people(client: Client, vault: Vault, numbers: range) -> None:
    """Straight into the vault, as extraction leaves them there."""
    keys, customers, orders = [], [], []
    for number in numbers:
        pid = f"{number:064x}"
        wrapped, key = vault.new_key("acme", pid)
        keys.append(wrapped)
        values = {"email": f"person{number}@example.com", "first_name": "Anna"}
        customers.append(("acme", pid, vault.seal(Place("acme", "customers", pid), key, values), key.key_id))
        owner = pid if number % 2 else ""
        if not owner:
            wrapped, key = vault.new_key("acme", f"order:{number}")
            keys.append(wrapped)
        place = Place("acme", "orders", str(number))
        orders.append(("acme", number, owner, vault.seal(place, key, {"ip_address": "203.0.113.77"}), key.key_id))
    insert_keys(client, keys)
    put(client, "customers", "tenant_id customer_pid ciphertext key_id", customers)
    put(client, "orders", "tenant_id order_id customer_pid ciphertext key_id", orders)


def put(client: Client, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    named = dict(zip(columns.split(), map(pa.array, zip(*rows, strict=True)), strict=True))
    client.insert_arrow(table, pa.table(named), database="pii")


def export(client: Client, settings: Settings, out: Path, form: Format) -> dict[str, Any]:
    """Run the command, and return what its manifest says, the peaks of both sides in MiB, and what it took in seconds."""
    environment = {**os.environ, **settings.as_env()}
    command = ["tenant", "export", "acme", "--out", str(out), "--format", form, "--with-personal-data", "--reason", "handover"]
    began, since = time.monotonic(), client.query("select now64(3)").first_row[0]
    done = subprocess.run([sys.executable, "-c", CHILD, *command], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    seconds = time.monotonic() - began
    client.command("system flush logs query_log")
    manifest = json.loads((out / "manifest.json").read_text())
    return {
        "rows": {entry["table"]: entry["rows"] for entry in manifest["files"] if entry["rows"]},
        "bytes": sum(entry["bytes"] for entry in manifest["files"]),
        "seconds": round(seconds, 1),
        "peak_mib": int(done.stdout.split()[-1]),
        "server_peak_mib": client.query(SERVER_PEAK, parameters={"since": since}).first_row[0] >> 20,
    }


def check(measured: dict[str, Any], events: int, people: int, limit_mib: int) -> None:
    assert measured["rows"] == {"raw.events": events - events // 100, "pii.customers": people, "pii.orders": people}
    assert measured["peak_mib"] <= limit_mib, measured
    assert 0 < measured["server_peak_mib"] <= LIMIT_MIB, measured
