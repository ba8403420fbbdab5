"""The simulated shops: who they are, where their day begins, how big they are and what they charge.

Plain data plus `first_shops`; what they sell is in `themes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gxy_analytics.demo import themes
from gxy_analytics.demo.money import smallest_step
from gxy_analytics.demo.themes import Theme


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One tenant of the simulated platform. Amounts are hundredths of `currency`."""

    slug: str
    name: str
    country: str
    currency: str
    timezone: str
    plan: str
    size: float  # share of the average tenant's traffic
    rate: int  # units of `currency` in one EUR, for price tags only
    endings: tuple[int, ...]  # last digits of price tags, in hundredths
    tax_points: int  # sales tax in basis points of the discounted goods
    shipping: int
    free_shipping_from: int
    products: int
    spreads_coupons: bool  # whether the backend writes a coupon's shares into the lines or leaves it on the order
    theme: tuple[Theme, ...]

    @property
    def step(self) -> int:
        return smallest_step(self.currency)


SHOPS = (
    Shop(
        slug="aurora-living", name="Aurora Living", country="DE", currency="EUR", timezone="Europe/Berlin", plan="growth",
        size=1.8, rate=1, endings=(99, 95, 90), tax_points=1900, shipping=4_90, free_shipping_from=60_00,
        products=140, spreads_coupons=False, theme=themes.HOME,
    ),
    Shop(
        slug="cedar-trail", name="Cedar & Trail", country="US", currency="USD", timezone="America/Los_Angeles", plan="growth",
        size=1.3, rate=1, endings=(99, 95, 0), tax_points=725, shipping=7_95, free_shipping_from=99_00,
        products=110, spreads_coupons=True, theme=themes.OUTDOOR,
    ),
    Shop(
        slug="saffron-pantry", name="Saffron Pantry", country="IN", currency="INR", timezone="Asia/Kolkata", plan="standard",
        size=0.9, rate=90, endings=(900, 4900, 9900), tax_points=500, shipping=49_00, free_shipping_from=999_00,
        products=90, spreads_coupons=False, theme=themes.PANTRY,
    ),
    Shop(
        slug="kiku-paper", name="Kiku Paper", country="JP", currency="JPY", timezone="Asia/Tokyo", plan="standard",
        size=0.6, rate=160, endings=(8000, 0, 5000), tax_points=1000, shipping=550_00, free_shipping_from=6000_00,
        products=80, spreads_coupons=True, theme=themes.STATIONERY,
    ),
    Shop(
        slug="thistle-books", name="Thistle Books", country="GB", currency="GBP", timezone="Europe/London", plan="starter",
        size=0.4, rate=1, endings=(99, 49, 0), tax_points=0, shipping=2_95, free_shipping_from=25_00,
        products=70, spreads_coupons=False, theme=themes.BOOKS,
    ),
    Shop(
        slug="southern-cross", name="Southern Cross Supply", country="AU", currency="AUD", timezone="Australia/Adelaide",
        plan="standard", size=0.8, rate=2, endings=(95, 0), tax_points=1000, shipping=9_95, free_shipping_from=120_00,
        products=90, spreads_coupons=True, theme=themes.OUTDOOR,
    ),
    Shop(
        slug="northlight", name="Northlight Interiors", country="CA", currency="CAD", timezone="America/St_Johns", plan="starter",
        size=0.5, rate=2, endings=(99, 0), tax_points=1500, shipping=8_95, free_shipping_from=90_00,
        products=80, spreads_coupons=False, theme=themes.HOME,
    ),
)  # fmt: skip


def first_shops(count: int) -> tuple[Shop, ...]:
    """The first `count` shops; after the last of the list they open branches: `aurora-living-2`, …"""
    shops = []
    for i in range(count):
        shop, branch = SHOPS[i % len(SHOPS)], i // len(SHOPS) + 1
        shops.append(shop if branch == 1 else replace(shop, slug=f"{shop.slug}-{branch}", name=f"{shop.name} {branch}"))
    return tuple(shops)
