"""A person or a household of any number of ids is erased: more than fit into a parameter of a query (128 KiB, 1,900 hashes)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from erasure_world import write_key

from gxy_analytics.governance.erasure import steps
from gxy_analytics.governance.erasure.requests import Request, save
from gxy_analytics.governance.erasure.run import open_run, process, request_erasure
from gxy_analytics.governance.erasure.target import Target, seal
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.settings import Settings

ANNA, CLEO = "a" * 64, "c" * 64
NOW = datetime.now(UTC).replace(microsecond=0)
BROWSERS, ACCOUNTS = 20_000, 3_000


@pytest.fixture
def stack(clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A tenant, and neither loaders nor old parts that are waited for."""
    write_key(settings)
    monkeypatch.setattr(steps, "ACK_SECONDS", 0.1)
    monkeypatch.setattr(steps, "parts_left", lambda *_: {})
    clickhouse.insert("tenants", [["acme", NOW]], ["tenant_id", "changed_at"], database="governance")
    return clickhouse


def events(client: Client, who: list[tuple[str, str]]) -> None:
    """One event for each (customer, browser)."""
    happened = NOW - timedelta(hours=1)
    rows = [["acme", uuid4(), pid, browser, happened, happened] for pid, browser in who]
    names = ["tenant_id", "event_id", "customer_pid", "anonymous_id", "event_time", "received_at"]
    client.insert("events", rows, column_names=names, database="raw")


def test_a_person_of_twenty_thousand_browsers_is_erased(stack: Client, settings: Settings) -> None:
    events(stack, [(ANNA, f"browser-{n}") for n in range(BROWSERS)])
    events(stack, [("", f"browser-{n}") for n in range(BROWSERS)])
    events(stack, [(CLEO, f"cleo-{n}") for n in range(100)])
    request = request_erasure(stack, settings, "acme", customer_pid=ANNA, reason="ticket 1", allowed_proportion=1)
    done = process(stack, settings, request.request_id)
    assert done.state == "done", done.error
    assert done.report["tables"]["raw.events"] == {
        "treatment": "delete", "matched": 2 * BROWSERS, "erased": 2 * BROWSERS, "surviving": 0, "old_parts": 0,
    }  # fmt: skip
    assert stack.query("select distinct customer_pid from raw.events").result_rows == [(CLEO,)]


def test_a_household_of_thousands_of_accounts_is_erased_and_each_has_its_own_tombstone(stack: Client, settings: Settings) -> None:
    pids = tuple(f"{n:064x}" for n in range(ACCOUNTS))
    placed = NOW - timedelta(days=3)
    orders = [["acme", n, pid, "EUR", 10, "Leipzig", placed] for n, pid in enumerate((*pids, CLEO))]
    names = ["tenant_id", "order_id", "customer_pid", "currency", "grand_total", "shipping_city", "placed_at"]
    stack.insert("oltp_orders", orders, column_names=names, database="raw")
    events(stack, [(pid, "family-tablet") for pid in pids])
    target = Target("acme", uuid4(), NOW, pids, ("family-tablet",), (), {})
    run = open_run(stack, settings)
    sealed = seal(Vault(run.keys), target)
    asked = Request("acme", target.request_id, target.subject_hash, sealed, "received", NOW, "counsel", "ticket 2", 1.0)
    done = process(stack, settings, save(stack, asked).request_id)
    assert done.state == "done", done.error
    assert stack.query("select count() from raw.events").result_rows == [(0,)]
    left = "select uniqExact(customer_pid), count(), countIf(shipping_city = ''), sum(grand_total) from raw.oltp_orders"
    assert stack.query(left).result_rows == [(ACCOUNTS + 1, ACCOUNTS + 1, ACCOUNTS, 10 * (ACCOUNTS + 1))]
    assert stack.query("select count() from raw.oltp_orders where startsWith(customer_pid, '0000000000')").result_rows == [(0,)]
