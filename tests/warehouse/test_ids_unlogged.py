"""Whoever is looked up, reported on or erased is in no log of the server, with every query logged as a role's profile says.

What is found is proved in `test_subjects`, `test_privacy_report` and `test_erasure`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from report_world import ANNA, fill, report
from subject_world import MASTER

from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.erasure.run import process, request_erasure
from gxy_analytics.governance.subjects.subjects import find_subject
from gxy_analytics.governance.vault.customer_keys import destroy_keys
from gxy_analytics.settings import Settings
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse, access_file
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

BROWSER, SHARED, EMAIL = "hers-phone", "theirs-kiosk", "anna@example.com"
HERS = (ANNA, BROWSER, SHARED, EMAIL)
LOGS = "select name from system.tables where database = 'system' and name like '%\\_log'"
TABLES = "tenants, customers, categories, products, coupons, orders, order_items, payments, shipments, refunds"


class Shop:
    """A server whose users are those of the access specification: each of their queries is logged, and they cannot change it."""

    def __init__(self, server: EmbeddedClickHouse, admin: Client, settings: Settings, users: ExitStack) -> None:
        self.server, self.admin, self.settings, self.users = server, admin, settings, users
        self.accounts = {account.role: account for account in wanted_accounts(load_specification(), MASTER, [], {})}

    def user_of(self, role: str) -> Client:
        account = self.accounts[role]
        url = f"http://{account.name}:{account.password}@127.0.0.1:{self.server.http_port}"
        return self.users.enter_context(connect(url, purpose="tests"))

    def logged(self) -> dict[str, str]:
        """Every row of every log, as text, by log."""
        self.admin.command("system flush logs")
        logs = [name for (name,) in self.admin.query(LOGS).result_rows]
        rows = {name: self.admin.query(f"select toString(tuple(*)) from system.{name}").result_rows for name in logs}
        return {name: "\n".join(text for (text,) in found) for name, found in rows.items()}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, oltp_server: EmbeddedPostgres) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("shop")
    server = EmbeddedClickHouse(directory / "clickhouse", "test-password", free_port(), free_port())
    settings = Settings(clickhouse_url=server.url, oltp_url=oltp_server.url, data_dir=directory / "gxy")
    server.start()
    with connect(server.url, purpose="tests") as client, psycopg.connect(oltp_server.url, autocommit=True) as oltp:
        oltp.execute(f"truncate {TABLES} restart identity cascade")
        migrate(client, Settings())
        fill(client, oltp, settings)
    accounts = wanted_accounts(load_specification(), MASTER, [], {})
    write_embedded(access_file(server.directory), load_specification(), accounts)
    server.stop()
    server.start()
    with connect(server.url, purpose="tests") as admin, ExitStack() as users:
        admin.command("truncate table if exists system.query_log")
        yield Shop(server, admin, settings, users)
    server.stop()


def test_a_person_who_is_looked_up_or_reported_on_is_in_no_log(shop: Shop, tmp_path: Path) -> None:
    exporter = shop.user_of("exporter")
    identities: list[dict[str, Any]] = [{"customer_id": 1}, {"email": EMAIL}, {"customer_pid": ANNA}, {"anonymous_id": BROWSER}]
    for number, identity in enumerate(identities):
        assert find_subject(exporter, MASTER, "acme", reason="a test", **identity).customer_pids == (ANNA,)
        assert report(shop.admin, shop.settings, tmp_path / str(number), **identity).rows["raw.oltp_orders"] == 2
    told = shop.logged()
    assert "raw.events" in told["query_log"].replace("`", "")
    assert [(log, name) for log, text in told.items() for name in HERS if name in text] == []


def test_a_person_who_is_erased_is_in_no_log_and_no_mutation(shop: Shop) -> None:
    key = shop.settings.master_key_path
    key.parent.mkdir(parents=True, exist_ok=True)
    key.touch(mode=0o600)
    key.write_bytes(MASTER)
    client = shop.user_of("eraser")
    destroy_keys(client, "acme", [ANNA])
    request = request_erasure(client, shop.settings, "acme", anonymous_id=BROWSER, reason="asked to be forgotten")
    deadline = time.monotonic() + 20
    while request.state in ("received", "suppressed") and time.monotonic() < deadline:
        request = process(client, shop.settings, request.request_id)
        time.sleep(0.2)
    told = shop.logged()
    told["mutations"] = str(shop.admin.query("select command from system.mutations").result_rows)
    told["files"] = "".join(path.read_text() for path in shop.server.directory.rglob("mutation_*.txt"))
    assert told["mutations"]
    assert [(log, name) for log, text in told.items() for name in HERS if name in text] == []
