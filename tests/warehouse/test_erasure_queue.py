"""The queue of erasures: who comes back meanwhile, what stops one request and no other, and what nobody registered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from erasure_world import write_key

from gxy_analytics.governance.erasure import steps
from gxy_analytics.governance.erasure.requests import Request, get_request, save
from gxy_analytics.governance.erasure.run import process, process_open, request_erasure, retry
from gxy_analytics.governance.vault.vault import VaultError
from gxy_analytics.settings import Settings

ANNA, CLEO = "a" * 64, "c" * 64
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def stack(clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Anna and Cleo with three events each; nothing is waited for."""
    write_key(settings)
    monkeypatch.setattr(steps, "ACK_SECONDS", 0.1)
    monkeypatch.setattr(steps, "parts_left", lambda *_: {})
    clickhouse.insert("tenants", [["acme", NOW]], ["tenant_id", "changed_at"], database="governance")
    happened = NOW - timedelta(hours=1)
    rows = [["acme", uuid4(), who, f"browser-{who[:4]}", happened, happened] for who in (ANNA, CLEO) for _ in range(3)]
    names = ["tenant_id", "event_id", "customer_pid", "anonymous_id", "event_time", "received_at"]
    clickhouse.insert("events", rows, column_names=names, database="raw")
    return clickhouse


def ask(client: Client, settings: Settings, who: str = ANNA, allowed_proportion: float | None = None) -> Request:
    return request_erasure(client, settings, "acme", customer_pid=who, reason="ticket 7", allowed_proportion=allowed_proportion)


def events_of(client: Client, who: str) -> int:
    rows = client.query("select count() from raw.events where customer_pid = {who:String}", parameters={"who": who}).result_rows
    return int(rows[0][0])


def test_who_orders_again_while_old_parts_are_waited_for_keeps_what_the_new_order_needs(
    stack: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "parts_left", lambda *_: {"raw.events": {"old_parts": 1}})
    columns = "tenant_id String, customer_pid String, orders UInt64"
    stack.command(f"create table marts.dim_customers ({columns}) engine = MergeTree order by tenant_id")
    customer(stack, ANNA, orders=1)
    customer(stack, CLEO, orders=1)
    hers, others = (process(stack, settings, ask(stack, settings, who).request_id) for who in (ANNA, CLEO))
    assert (hers.state, others.state) == ("verifying", "verifying") and customers(stack) == []
    placed = datetime.now(UTC) + timedelta(seconds=5)
    stack.insert(
        "oltp_orders", [["acme", 9, ANNA, placed]], ["tenant_id", "order_id", "customer_pid", "placed_at"], database="raw"
    )
    customer(stack, ANNA, orders=1)
    customer(stack, CLEO, orders=0)  # without an order: something wrote it past the list
    monkeypatch.setattr(steps, "parts_left", lambda *_: {})
    assert process(stack, settings, hers.request_id).report["attempts"] == 1
    assert process(stack, settings, others.request_id).report["attempts"] == 2
    assert customers(stack) == [(ANNA, ANNA)]


def customer(client: Client, who: str, *, orders: int) -> None:
    """What extraction and a build make of a customer: a key, and a row that sums up her orders."""
    names = ["tenant_id", "subject", "key_id", "wrapped_key", "key_version"]
    client.insert("keys", [["acme", who, uuid4().hex[:16], "w", 1]], names, database="pii")
    client.insert("dim_customers", [["acme", who, orders]], ["tenant_id", "customer_pid", "orders"], database="marts")


def customers(client: Client) -> list[tuple[str, str]]:
    sql = (
        "select subject, customer_pid from pii.keys as keys "
        "full join marts.dim_customers as customers on customers.customer_pid = keys.subject order by all"
    )
    return [tuple(row) for row in client.query(sql).result_rows]


def test_a_request_that_cannot_go_on_keeps_no_other_waiting(stack: Client, settings: Settings) -> None:
    first, second = ask(stack, settings), ask(stack, settings, CLEO)
    save(stack, first, sealed_subject="of another key")
    with pytest.raises(VaultError):
        process_open(stack, settings)
    assert get_request(stack, second.request_id).state == "done" and events_of(stack, CLEO) == 0
    assert get_request(stack, first.request_id).is_open and events_of(stack, ANNA) == 3


def test_a_proportion_of_nothing_is_not_taken_for_none_given(stack: Client, settings: Settings) -> None:
    request = ask(stack, settings, allowed_proportion=0)
    assert request.allowed_proportion == 0
    save(stack, request, state="failed", progress={"failed_in": "received"})
    assert retry(stack, settings, request.request_id, allowed_proportion=0.5).allowed_proportion == 0.5
    save(stack, request, state="failed", progress={"failed_in": "received"})
    assert retry(stack, settings, request.request_id, allowed_proportion=0).allowed_proportion == 0


def test_a_table_of_any_engine_that_nobody_registered_fails_the_run(stack: Client, settings: Settings) -> None:
    request = ask(stack, settings)
    stack.command("create table features.lookup (tenant_id String, visitor_id String) engine = StripeLog")
    try:
        assert "features.lookup" in process(stack, settings, request.request_id).error
    finally:
        stack.command("drop table features.lookup sync")
    assert events_of(stack, ANNA) == 3
