"""An extraction as the graph runs it: tried again after what passes by itself, failed at once by what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg
import psycopg
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import SHOP, extract_these, rows

from assets import retries
from assets.ingestion import oltp as asset_module
from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction import loading
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_table
from gxy_analytics.extraction.landing import Landed, Landing
from gxy_analytics.extraction.source import Source
from gxy_analytics.extraction.vaulting import VaultWriter
from gxy_analytics.governance.vault.master_key import load_key_ring, load_master_key
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings

KILL = "select pg_terminate_backend(pid) from pg_stat_activity where pid != pg_backend_pid() and backend_type = 'client backend'"
ORDERS = "select count(), uniqExact(order_id) from raw.oltp_orders where not is_deleted"


@pytest.fixture
def shop(oltp: psycopg.Connection, clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A backend of two tenants, which are extracted."""
    monkeypatch.setattr(retries, "WAIT_SECONDS", 0.05)
    oltp.execute(SHOP)
    load_master_key(settings.master_key_path, create=True)
    with open_source(settings.oltp_url or "") as source:
        extract_table(TABLES["tenants"], source, clickhouse, master_key=load_key_ring(settings))
    return settings


def run(settings: Settings, name: str) -> dg.ExecuteInProcessResult:
    """Materialize what the backend's table is extracted into."""
    (asset,) = [one for one in asset_module.extractions if one.op.name == f"extract_{name}"]
    return dg.materialize([asset], resources={"platform": Platform.of(settings)}, raise_on_error=False)


def attempts(result: dg.ExecuteInProcessResult) -> int:
    starts = (dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED)
    return sum(event.event_type in starts for event in result.all_events)


def failure(result: dg.ExecuteInProcessResult) -> str:
    """The message that people see: of the failure's cause, where Dagster says no more than that it gave up."""
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    error = failed.step_failure_data.error
    assert error is not None
    return (error.cause or error).message


def first(times: int, what: Callable[[], object], then: Callable[..., Any]) -> Callable[..., Any]:
    """`then`, before whose first calls `what` happens."""
    left = [None] * times

    def call(*arguments: Any, **named: Any) -> Any:
        if left:
            left.pop()
            what()
        return then(*arguments, **named)

    return call


def test_a_connection_to_the_source_that_breaks_once_costs_another_attempt_and_every_row_is_there_once(
    shop: Settings, oltp: psycopg.Connection, clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = first(1, lambda: oltp.execute(KILL), asset_module.extract_table)
    monkeypatch.setattr(asset_module, "extract_table", broken)
    done = run(shop, "orders")
    assert (done.success, attempts(done)) == (True, 2)
    assert rows(clickhouse, ORDERS) == [(2, 2)]


def test_a_source_that_breaks_every_time_fails_with_the_remedy_after_the_last_attempt(
    shop: Settings, oltp: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = first(99, lambda: oltp.execute(KILL), asset_module.extract_table)
    monkeypatch.setattr(asset_module, "extract_table", broken)
    failed = run(shop, "orders")
    assert (failed.success, attempts(failed)) == (False, 1 + retries.RETRIES)
    assert "check GXY_OLTP_URL and the network" in failure(failed)


def test_a_server_that_forgot_the_session_between_two_batches_costs_another_attempt(
    shop: Settings, oltp: psycopg.Connection, clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(Landing):
        """Loses, once a batch is written, what a server loses that starts again: its temporary tables."""

        times = 1

        def land(self, batch: pa.Table) -> Landed:
            landed = super().land(batch)
            if Forgetful.times:
                Forgetful.times -= 1
                self.close()
                return super().land(batch)
            return landed

    monkeypatch.setattr(loading, "Landing", Forgetful)
    done = run(shop, "orders")
    assert (done.success, attempts(done)) == (True, 2)
    assert rows(clickhouse, ORDERS) == [(2, 2)], "what the first attempt wrote is not written again"


@pytest.mark.parametrize(
    ("table", "spoil", "back", "remedy"),
    [
        ("orders", "rename column grand_total to total", "rename column total to grand_total", "restore the column"),
        ("coupons", "rename to vouchers", "rename to coupons", "run the backend's migrations"),
        ("coupons", "alter updated_at type text", "alter updated_at type timestamp using null", "docs/reference/oltp.md"),
    ],
)
def test_what_no_retry_mends_fails_at_once_with_its_remedy(
    shop: Settings, oltp: psycopg.Connection, table: str, spoil: str, back: str, remedy: str
) -> None:
    oltp.execute(f"alter table {table} {spoil}")
    try:
        failed = run(shop, table)
    finally:
        oltp.execute(f"alter table {'vouchers' if 'vouchers' in spoil else table} {back}")
    assert (failed.success, attempts(failed)) == (False, 1)
    assert remedy in failure(failed)


def test_a_table_that_the_user_may_not_read_is_named_with_the_remedy(shop: Settings, oltp: psycopg.Connection) -> None:
    oltp.execute(
        "create role looker login; grant select on all tables in schema public to looker; revoke select on orders from looker"
    )
    try:
        url = (shop.oltp_url or "").replace("postgresql://postgres", "postgresql://looker")
        failed = run(shop.model_copy(update={"oltp_url": url}), "orders")
    finally:
        oltp.execute("drop owned by looker; drop role looker")
    assert attempts(failed) == 1
    assert "shows no table orders" in failure(failed)
    assert "its user may select from the table" in failure(failed)


def test_an_unreachable_source_and_a_refused_login_fail_at_once(shop: Settings, oltp: psycopg.Connection) -> None:
    nowhere = shop.model_copy(update={"oltp_url": "postgresql://nobody@127.0.0.1:9/shop"})
    failed = run(nowhere, "orders")
    assert attempts(failed) == 1
    assert "check GXY_OLTP_URL" in failure(failed)
    assert shop.clickhouse_url
    wrong = shop.model_copy(update={"clickhouse_url": shop.clickhouse_url.replace("test-password", "wrong")})
    assert wrong != shop
    failed = run(wrong, "orders")
    assert attempts(failed) == 1
    assert "password" in failure(failed)


def test_a_row_that_does_not_fit_costs_no_attempt(shop: Settings, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("update orders set currency = '12$' where id = 1")
    done = run(shop, "orders")
    assert (done.success, attempts(done)) == (True, 1)
    assert rows(clickhouse, "select row_key from governance.extraction_rejects final") == [("1",)]


def test_a_crash_between_the_vault_and_the_tombstone_leaves_no_personal_value_behind(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract_these("tenants customers", source, clickhouse)
    oltp.execute("update orders set customer_id = null; delete from customers where id = 1")

    def crash(_: object) -> None:
        raise ConnectionResetError

    for at in (VaultWriter, Landing):
        with monkeypatch.context() as patch:
            patch.setattr(at, "bury", crash)
            with pytest.raises(ConnectionResetError):
                extract_these("customers", source, clickhouse)
    extract_these("customers", source, clickhouse)
    gone = "select is_deleted from raw.oltp_customers final where tenant_id = 'acme'"
    assert rows(clickhouse, gone) == [(True,)]
    assert rows(clickhouse, "select ciphertext from pii.customers final where tenant_id = 'acme'") == [("",)]
    assert rows(clickhouse, "select count() from pii.keys final where tenant_id = 'acme' and wrapped_key != ''") == [(0,)]
