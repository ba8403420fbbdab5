"""A shopper's path through the storefront, as one function over a Playwright page, for any test that has the shop running.

Land from a newsletter → list → product → add → search → add → cart → checkout → purchase → close the tab.
What must arrive is asserted by the tests; `WORDS` is the order in which Snowplow says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LANDING = "/?utm_source=letter&utm_medium=email&utm_campaign=autumn&gclid=click-1"
CUSTOMER_TYPED = ("Anna Berg", "anna.berg@example.org", "Storgatan 12", "53130", "Lidköping")
DWELL_MS = 1200  # on the last page, so that closing it has attention to report


@dataclass(frozen=True)
class Walk:
    """What the shopper did, for comparing with what arrived. Amounts in EUR."""

    order_id: str
    list_name: str = "Ceramics"
    first_product: str = "4"  # 64.00, from the list
    second_product: str = "1"  # 89.00, from the search, quick-added
    query: str = "table lamp"
    total: Decimal = Decimal("137.70")  # (64.00 + 89.00) less HEARTH10, free delivery
    discount: Decimal = Decimal("15.30")
    tax: Decimal = Decimal("23.90")


WORDS = [
    "promo_view",
    "list_view",
    "list_click",
    "product_view",
    "add_to_cart",
    "site_search",
    "add_to_cart",
    "cart_view",
    "checkout_step",
    "checkout_step",
    "checkout_step",
    "transaction",
]
"""What is said on the way, page views and pings and further list views left out."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's headless Chromium, which talks to nobody but the shop. Skips where it is not installed."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is needed to walk through the storefront, and is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visitor(browser: Browser) -> Iterator[Page]:
    """A tab of somebody who was never here. Errors of the page fail the test."""
    context = browser.new_context(locale="en-IE", timezone_id="Europe/Stockholm")
    context.set_default_timeout(8000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def agree_before(page: Page) -> None:
    """The shopper agreed on an earlier visit: their first page is theirs already."""
    page.add_init_script("localStorage.setItem('shop.consent', 'granted')")


def walk(page: Page, base_url: str, *, customer_id: str = "", close: bool = True) -> Walk:
    """Walk the whole path at `base_url`: as that customer from the cart on, and to the closed tab unless told otherwise."""
    page.goto(base_url + LANDING)
    _see(page, "product-card")
    at(page, "nav-ceramics").click()
    expect(page).to_have_title("Ceramics · Hearth & Hollow")
    _see(page, "product-card")
    page.locator('[data-product-id="4"] [data-test=product-link]').click()
    at(page, "add-to-cart").click()
    at(page, "search-input").fill("table lamp")
    at(page, "search-input").press("Enter")
    expect(at(page, "search-count")).to_have_text("1 result")
    _see(page, "product-card")
    at(page, "quick-add").click()
    if customer_id:
        at(page, "nav-account").click()
        at(page, "customer-id").fill(customer_id)
        at(page, "sign-in").click()
    at(page, "cart-link").click()
    at(page, "to-checkout").click()
    _check_out(page)
    order_id = at(page, "order-number").inner_text()
    page.wait_for_timeout(DWELL_MS)
    if close:
        page.close()
    return Walk(order_id)


def at(page: Page, name: str) -> Locator:
    """The element that the shop marks `data-test="name"`."""
    return page.locator(f'[data-test="{name}"]')


def _check_out(page: Page) -> None:
    for field, value in zip(("name", "email", "street", "postcode", "city"), CUSTOMER_TYPED, strict=True):
        at(page, field).fill(value)
    at(page, "delivery-standard").check(force=True)
    at(page, "to-payment").click()
    at(page, "payment-card").check(force=True)
    at(page, "coupon").fill("HEARTH10")
    at(page, "to-review").click()
    at(page, "place-order").click()


def _see(page: Page, name: str) -> None:
    """Look at a list for as long as it takes to have been seen."""
    at(page, name).first.wait_for()
    page.wait_for_timeout(900)
