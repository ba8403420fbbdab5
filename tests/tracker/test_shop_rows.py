"""The storefront against the real write path: its shopper's rows, each once, also when the service was away in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.clients.world import ClientWorld, Tenant
from tests.service.ingest_process import until
from tests.tracker.shop_server import ShopServer
from tests.tracker.shop_walk import LANDING, Walk, agree_before, at, visitor, walk

COLUMNS = """
    session_seq, name, page_path, campaign_source, click_ids, items.product_id as product_ids, items.position as positions,
    list_name, search_query, search_result_count, cart_value, order_id, order_value, order_tax, order_discount, order_quantity,
    coupon, payment_method, shipping_method, checkout_step, promotion_id, engaged_ms, anonymous_id, session_id, customer_pid,
    warnings, properties
"""
SAID_ONCE = {
    "promotion_viewed": {"promotion_id": "long-evenings", "product_ids": ["1", "2", "3"]},
    "product_clicked": {"product_ids": ["4"], "positions": [1], "list_name": "Ceramics"},
    "product_viewed": {"product_ids": ["4"], "page_path": "/p/4/tidal-vase"},
    "search_performed": {"search_query": "table lamp", "search_result_count": 1},
    "cart_viewed": {"product_ids": ["4", "1"], "cart_value": Decimal(153)},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, clickhouse_server: EmbeddedClickHouse) -> Iterator[ClientWorld]:
    running = ClientWorld(tmp_path_factory.mktemp("storefront"), clickhouse_server.url)
    running.start()
    yield running
    running.stop()


@dataclass(frozen=True)
class Walked:
    """A walk, and its tenant's rows in the browser's order."""

    walk: Walk
    tenant: Tenant
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def walked(world: ClientWorld, browser: Browser, storefront: Path) -> Walked:
    tenant = world.tenant()
    with ShopServer(storefront, world.ingest.url, tenant.key) as shop, visitor(browser) as page:
        agree_before(page)
        done = walk(page, shop.url, customer_id="4711")
        shop.wait_for(lambda events: any(event["e"] == "pp" and "/thanks/" in event["url"] for event in events))
        assert {request.status for request in shop.requests} == {200}
    return Walked(done, tenant, rows_of(tenant))


def rows_of(tenant: Tenant) -> list[dict[str, Any]]:
    return sorted(tenant.rows(COLUMNS), key=lambda row: int(row["session_seq"]))


def test_every_event_of_the_walk_is_one_row_without_a_gap_or_a_warning(walked: Walked) -> None:
    tenant, rows = walked.tenant, walked.rows
    tenant.holds_once(len(rows))
    assert tenant.letters() == []
    assert [row["session_seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert {tuple(row["warnings"]) for row in rows} == {()}
    assert len({(row["anonymous_id"], row["session_id"]) for row in rows}) == 1


def test_each_action_has_its_columns(walked: Walked) -> None:
    done, rows = walked.walk, walked.rows
    for name, expected in SAID_ONCE.items():
        [row] = [row for row in rows if row["name"] == name]
        assert {column: row[column] for column in expected} == expected
    seen = {row["list_name"]: row["product_ids"] for row in rows if row["name"] == "product_impression"}
    assert seen["Ceramics"] == ["4", "5", "6"]
    assert [row["cart_value"] for row in rows if row["name"] == "product_added"] == [Decimal(64), Decimal(153)]
    steps = [row for row in rows if row["name"] == "checkout_step"]
    assert [(row["checkout_step"], row["shipping_method"], row["payment_method"]) for row in steps] == [
        (1, "", ""),
        (2, "standard", ""),
        (3, "standard", "card"),
    ]
    [order] = [row for row in rows if row["name"] == "order_completed"]
    assert (order["order_id"], order["order_value"], order["order_tax"]) == (done.order_id, done.total, done.tax)
    assert (order["order_discount"], order["order_quantity"], order["coupon"]) == (done.discount, 2, "HEARTH10")
    assert order["product_ids"] == [done.first_product, done.second_product]


def test_the_landing_has_its_campaign_and_the_last_page_its_attention(walked: Walked) -> None:
    rows = walked.rows
    assert (rows[0]["name"], rows[0]["campaign_source"], rows[0]["click_ids"]) == ("page_viewed", "letter", {"gclid": "click-1"})
    assert rows[-1]["name"] == "page_ping"
    assert rows[-1]["page_path"].startswith("/thanks/")
    assert 1000 <= rows[-1]["engaged_ms"] <= 4000
    assert not [row for row in rows if "engag" in row["properties"]]


def test_the_customer_is_known_from_signing_in_on_and_only_as_a_pseudonym(walked: Walked) -> None:
    known = [row for row in walked.rows if row["customer_pid"]]
    first = walked.rows.index(known[0])
    assert known == walked.rows[first:]
    assert {"cart_viewed", "order_completed"} <= {row["name"] for row in known}
    assert "product_clicked" not in {row["name"] for row in known}
    assert len({row["customer_pid"] for row in known}) == 1
    assert known[0]["customer_pid"] != "4711"


@pytest.mark.slow
def test_a_visit_during_an_outage_is_whole_once_the_service_is_back(
    world: ClientWorld, browser: Browser, storefront: Path
) -> None:
    tenant = world.tenant()
    with ShopServer(storefront, world.ingest.url, tenant.key) as shop, visitor(browser) as page:
        agree_before(page)
        page.goto(shop.url + LANDING)
        shop.wait_for(len)
        world.ingest.stop()
        buy_one(page)
        until(lambda: 502 in {request.status for request in shop.requests}, "a refusal")
        world.ingest.start()
        shop.wait_for(lambda events: any("transaction" in event.get("ue_pr", "") for event in events), 20)
        page.close()
    rows = rows_of(tenant)
    assert [row["session_seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["name"] for row in rows].count("order_completed") == 1
    tenant.holds_once(len(rows))


def test_a_visit_without_consent_has_rows_without_a_visitor(world: ClientWorld, browser: Browser, storefront: Path) -> None:
    tenant = world.tenant()
    with ShopServer(storefront, world.ingest.url, tenant.key) as shop, visitor(browser) as page:
        page.goto(shop.url + LANDING)
        at(page, "nav-living").click()
        shop.wait_for(lambda events: [event["e"] for event in events].count("pv") == 2)
        at(page, "consent-accept").click()
        shop.wait_for(lambda events: any("consent_preferences" in event.get("ue_pr", "") for event in events))
    columns = "name, anonymous_id, session_id, ip_truncated, campaign_source, consent"
    before, after = [], []
    for row in tenant.rows(columns):
        (after if row["anonymous_id"] else before).append(row)
    assert {row["name"] for row in before} >= {"page_viewed"}
    assert {(row["session_id"], str(row["ip_truncated"] or "")) for row in before} == {("", "")}
    [granted] = [row for row in after if row["name"] == "custom:consent_preferences"]
    assert (granted["consent"], granted["campaign_source"]) == ({"statistics": True}, "letter")


def buy_one(page: Page) -> None:
    """From the first page to an order, as fast as a hand can."""
    at(page, "quick-add").first.click()
    at(page, "cart-link").click()
    at(page, "to-checkout").click()
    for name in ("name", "street", "postcode", "city"):
        at(page, name).fill("x")
    at(page, "email").fill("x@example.org")
    at(page, "to-payment").click()
    at(page, "to-review").click()
    at(page, "place-order").click()
    at(page, "order-number").wait_for()
