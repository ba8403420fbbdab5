"""The demo's verdict: green only when the ledger balances, every number equals the backend's, and every shop sold something."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from rich.console import Console

from gxy_analytics.demo.account import Account, TenantAccount
from gxy_analytics.demo.loading import LedgerLine
from gxy_analytics.demo.summary import BestSeller, ShopLine, Summary
from gxy_analytics.demo.summary_view import print_farewell, print_summary
from gxy_analytics.demo.world import Plan
from gxy_analytics.settings import Settings

SHOP = ShopLine("aurora-living", "EUR", 3, Decimal("100"), Decimal("120"), Decimal("10"), Decimal("110"), 200, 3)
GREEN = Summary(
    plan=Plan(tenants=1, days=1, end=date(2026, 1, 20)),
    account=Account({"aurora-living": TenantAccount("EUR", sent=10)}),
    ledger={"aurora-living": LedgerLine(10, 7, 2, 1, 0)},
    shops=[SHOP],
    best_sellers=[BestSeller("aurora-living", "Quiet Lamp", "Lighting", 3, Decimal("60"), "EUR")],
    reporting_currency="EUR",
    gmv=Decimal("100"),
    orders_without_rate=0,
    compared=6,
    tenant_days=1,
    different=0,
)


def printed(summary: Summary, width: int = 120) -> str:
    console = Console(record=True, width=width, quiet=False, file=None)
    with console.capture() as capture:
        print_summary(console, summary, seconds=1)
    return capture.get()


def test_a_summary_in_which_everything_adds_up_is_green() -> None:
    assert GREEN.is_green
    text = printed(GREEN)
    assert "✗" not in text
    assert "6 numbers of 1 tenant-days equal the backend's, to the cent" in text
    assert "1.5%" in text


@pytest.mark.parametrize(
    ("summary", "complaint"),
    [
        (replace(GREEN, ledger={"aurora-living": LedgerLine(10, 7, 1, 1, 0)}), "the ledger of aurora-living does not balance"),
        (replace(GREEN, different=1), "1 of 6 numbers differ from the backend"),
        (replace(GREEN, compared=0), "nothing was compared with the backend"),
        (replace(GREEN, shops=[]), "no sales of aurora-living in the marts"),
    ],
)
def test_whatever_does_not_add_up_is_named(summary: Summary, complaint: str) -> None:
    assert not summary.is_green
    assert complaint in printed(summary)


def test_orders_that_no_rate_converts_are_told() -> None:
    assert "(2 orders have no rate)" in printed(replace(GREEN, orders_without_rate=2))


@pytest.mark.parametrize("width", [80, 100, 116, 120])
def test_no_terminal_cuts_a_number(width: int) -> None:
    rupees = replace(SHOP, tenant_id="saffron-pantry", currency="INR", gmv=Decimal("209196.12"), net_sales=Decimal("211845.34"))
    text = printed(
        replace(
            GREEN,
            shops=[rupees],
            ledger={"saffron-pantry": LedgerLine(262_329, 262_000, 300, 29, 0)},
            account=Account({"saffron-pantry": TenantAccount("INR", sent=262_329)}),
        ),
        width,
    )
    assert "…" not in text
    assert "209,196.12" in text
    assert "211,845.34" in text


@pytest.mark.parametrize("stays", [True, False])
def test_the_farewell_names_the_addresses_and_no_password(stays: bool) -> None:
    settings = Settings(
        clickhouse_url="http://gxy:hidden@127.0.0.1:8123", ingest_url="http://127.0.0.1:8080", dagster_url="http://127.0.0.1:3000"
    )
    console = Console(width=120)
    with console.capture() as capture:
        print_farewell(console, settings, GREEN, stays=stays)
    text = capture.get()
    assert all(address in text for address in ("http://127.0.0.1:3000", "http://127.0.0.1:8080", "127.0.0.1:8123"))
    assert "hidden" not in text
