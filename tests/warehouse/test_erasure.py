"""One person leaves every table, file and byte; everybody else, the books and the checks stay as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from clickhouse_bytes import texts
from erasure_world import (
    ANNA,
    BO,
    BROWSER,
    CLEO,
    EMAIL,
    TABLET,
    ErasureWorld,
    at,
    erasure_world,
    letters,
    pid,
)

from gxy_analytics.governance.erasure import steps
from gxy_analytics.governance.erasure.requests import Request, get_request, states
from gxy_analytics.governance.erasure.run import preview, process, request_erasure
from gxy_analytics.governance.erasure.verification import IDENTITIES
from gxy_analytics.quality.ledger import check_balance, check_raw_events, check_session_events, check_staged_events
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.partitions import Window

BOOKS = (
    "select tenant_id, local_date, currency, orders, gross_sales, discounts, returns, net_sales, total_sales "
    "from marts.sales_daily order by all"
)
ORDERS = "select tenant_id, order_id, currency, grand_total, placed_at, billing_country from raw.oltp_orders final order by all"
PLAINTEXT = (EMAIL, "5550001177", "Zqannafirst", "Zqannalast", "Zqannacity", BROWSER, "zqanna-card-0001", pid("acme", ANNA))

OTHERS = (
    "raw.events",
    "raw.oltp_customers",
    "raw.oltp_orders",
    "pii.customers",
    "pii.orders",
    "marts.fct_orders",
    "staging.stg_web__events",
    "marts.dim_customers",
    "marts.identity_links",
)


@dataclass
class Erased:
    """The world after Anna's erasure, with what was read before it."""

    world: ErasureWorld
    request: Request
    before: dict[str, Any]
    expected: dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory, oltp_server: EmbeddedPostgres) -> Iterator[Erased]:
    """Anna is erased; she comes back while old parts are still waited for."""
    directory = tmp_path_factory.mktemp("erasure")
    with (
        pytest.MonkeyPatch.context() as patch,
        psycopg.connect(oltp_server.url, autocommit=True) as oltp,
        erasure_world(directory, oltp, oltp_server.url) as world,
    ):
        patch.setattr(steps, "ACK_SECONDS", 0.1)
        before = {
            "books": world.rows(BOOKS),
            "orders": world.rows(ORDERS),
            "others": others(world),
        }
        expected = preview(world.client, world.settings, "acme", customer_id=ANNA, reason="ticket 1")
        request = request_erasure(world.client, world.settings, "acme", customer_id=ANNA, reason="ticket 1")
        request = world.finish(process(world.client, world.settings, request.request_id))
        yield Erased(world, request, before, expected)


def others(world: ErasureWorld) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of other people, by table."""
    people = [pid("acme", CLEO), pid("umbra", BO)]
    return {
        table: world.rows(f"select * from {table} where customer_pid in {{people:Array(String)}} order by all", people=people)
        for table in OTHERS
    }


def test_the_request_ends_done_with_a_report_that_counts_every_table(erased: Erased) -> None:
    report = erased.request.report
    assert erased.request.state == "done", erased.request.error
    assert {name: table["matched"] for name, table in report["tables"].items()} == {
        name: counts["matched"] for name, counts in erased.expected.items()
    }
    for name, table in report["tables"].items():
        assert table["erased"] == table["matched"] > 0 == table["surviving"], name
    assert report["absent_tables"] == [] and report["nodes"]["local"]["spool_clean_at"]
    assert [state["state"] for state in states(erased.world.client, erased.request)] == [
        "received", "suppressed", "erasing", "verifying", "done",
    ]  # fmt: skip
    assert [state["state"] for state in report["states"]] == ["received", "suppressed", "erasing", "verifying", "done"]


def test_no_column_of_any_table_names_the_person(erased: Erased) -> None:
    world = erased.world
    columns = world.rows(
        "select c.database, c.table, c.name from system.columns as c join system.tables as t "
        "on t.database = c.database and t.name = c.table where t.engine like '%MergeTree' and c.database != 'system' "
        "and (c.name in {names:Array(String)} or c.name = 'subject')",
        names=list(IDENTITIES),
    )
    assert len(columns) >= 20
    mine = [pid("acme", ANNA), BROWSER]
    world.client.set_client_setting("log_queries", 0)
    for database, table, name in columns:
        found = world.one(f"select count() from {database}.{table} where {name} in {{mine:Array(String)}}", mine=mine)
        assert found == 0, f"{database}.{table}.{name}"
    world.client.set_client_setting("log_queries", 1)


def test_other_people_are_untouched(erased: Erased) -> None:
    assert others(erased.world) == erased.before["others"]
    assert erased.world.one("select count() from raw.events where tenant_id = 'umbra'") == 1
    assert erased.world.rows("select raw_bytes from raw.events_rejected final") == [(len(letters()[-1]),)]


def test_a_shared_browser_keeps_what_the_other_person_did_on_it(erased: Erased) -> None:
    sessions = erased.world.rows(
        "select customer_pid, events, page_views, landing_path from marts.fct_sessions where visitor_id = {tablet:String}",
        tablet=TABLET,
    )
    assert sessions == [(pid("acme", CLEO), 2, 2, "/cleo")]


def test_the_books_are_the_same_under_a_tombstone(erased: Erased) -> None:
    world = erased.world
    assert world.rows(BOOKS) == erased.before["books"]
    assert world.rows(ORDERS) == erased.before["orders"]
    ((tombstone, city, postal_code, ip),) = world.rows(
        "select customer_pid, shipping_city, shipping_postal_code, ip_truncated from raw.oltp_orders final where order_id = 1"
    )
    assert len(tombstone) == 64 and (city, postal_code, ip) == ("", "", "")
    for table in ("staging.stg_shop__orders", "marts.fct_orders", "marts.fct_order_items"):
        assert world.rows(f"select distinct customer_pid from {table} where order_id = 1") == [(tombstone,)]
    assert world.rows("select amount, card_fingerprint from raw.oltp_payments final")[0][1] == ""


def test_every_check_of_the_ledger_still_holds(erased: Erased) -> None:
    client = erased.world.client
    window = Window(date.today() - timedelta(days=3), date.today() + timedelta(days=1))  # noqa: DTZ011
    for outcome in (
        check_raw_events(client),
        check_staged_events(client, window),
        check_session_events(client),
        check_balance(client),
    ):
        assert outcome.passed, outcome.description
    assert erased.world.one("select sum(erased) from governance.erased_rows where tenant_id = 'acme'") == len(erased.world.sent)


def test_no_byte_of_the_person_is_left_on_the_disk(erased: Erased) -> None:
    world = erased.world
    world.client.command("system flush logs")
    found = {
        (text, path.relative_to(world.dbt.directory))
        for directory in (world.dbt.directory / "clickhouse", world.settings.data_dir)
        for path, content in texts(directory)
        for text in PLAINTEXT
        if text.lower().encode() in content.lower()
    }
    assert not found
    assert any(b"cleo-browser" in content for _, content in texts(world.dbt.directory / "clickhouse")), "the search works"


def test_the_queue_holds_no_id_once_it_is_done(erased: Erased) -> None:
    assert get_request(erased.world.client, erased.request.request_id).sealed_subject == ""
    assert erased.world.one("select countIf(sealed_subject != '') from governance.privacy_requests") == 0


def test_the_audit_has_the_request_and_its_end_by_hash_alone(erased: Erased) -> None:
    acts = erased.world.rows(
        "select action, subject, rows from governance.audit_entries where action like 'erasure.%' order by 1 desc"
    )
    assert [act[:2] for act in acts] == [
        ("erasure.received", erased.request.subject_hash[:16]),
        ("erasure.done", erased.request.subject_hash[:16]),
    ]


def test_an_extraction_of_the_same_backend_writes_no_row_and_marks_no_day(erased: Erased) -> None:
    """Rows that it reads again: whatever touched them changed nothing that is landed."""
    world = erased.world
    before = landed(world)
    for table in ("customers", "orders", "payments"):
        world.oltp.execute(f"update {table} set updated_at = now()")
    world.extract()
    assert landed(world) == before


def landed(world: ErasureWorld) -> dict[str, list[tuple[Any, ...]]]:
    """Versions and arrivals."""
    tables = {name: f"select count(), max(extracted_at) from raw.oltp_{name}" for name in ("customers", "orders", "payments")}
    arrivals = "select source, sum(arrived) from governance.arrivals group by source order by source"
    return {name: world.rows(sql) for name, sql in (tables | {"arrivals": arrivals}).items()}


def test_replaying_the_same_events_stores_nothing_and_a_returning_customer_is_stored(erased: Erased) -> None:
    """Last: it puts rows of Anna's back."""
    world = erased.world
    before = world.one("select count() from raw.events")
    world.spool(world.sent)
    world.loader.load()
    world.extract()
    assert world.one("select count() from raw.events") == before
    assert world.rows("select 1 from raw.oltp_customers where customer_pid = {pid:String}", pid=pid("acme", ANNA)) == []
    assert world.rows(ORDERS) == erased.before["orders"]
    world.spool([at(-0.01, anonymous_id=BROWSER, user_id=str(ANNA))])
    world.loader.load()
    assert world.one("select count() from raw.events") == before + 1
    process(world.client, world.settings, erased.request.request_id)
    assert (
        world.one(
            "select count() from raw.events where event_time > {at:DateTime64(3)}", at=datetime.now(UTC) - timedelta(hours=1)
        )
        == 1
    )
