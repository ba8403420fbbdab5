"""A shop's catalogue: products with brands, prices with sensible endings, popularity and affinity.

How products end up in baskets belongs to `behaviour.py`; writing them to the backend to `backend.py`.
"""

from __future__ import annotations

import bisect
import itertools
import re
from dataclasses import dataclass
from random import Random

from gxy_analytics.demo.shops import Shop
from gxy_analytics.demo.themes import ADJECTIVES, BRANDS

POPULARITY_EXPONENT = 0.9  # Zipf: the n-th best seller is wanted n^-0.9 times as often as the best
COMPANIONS = 3


@dataclass(frozen=True)
class Product:
    """One product; amounts are hundredths of the shop's currency."""

    index: int
    sku: str
    name: str
    brand: str
    category: int  # index into Catalogue.categories
    price: int
    cost: int
    stock: int
    companions: tuple[int, ...]  # products that are bought together with this one


@dataclass(frozen=True)
class Coupon:
    """A code that takes `value` percent (kind `percent`) or hundredths (kind `fixed`) off an order."""

    code: str
    kind: str
    value: int


class Catalogue:
    """Everything a shop sells, the same for the same seed."""

    def __init__(self, shop: Shop, seed: str) -> None:
        rng = Random(f"{seed}/catalogue")
        self.shop = shop
        self.categories = tuple(theme.category for theme in shop.theme)
        self.products = tuple(_products(shop, rng))
        self.coupons = _coupons(shop)
        ranks = list(range(len(self.products)))
        rng.shuffle(ranks)
        self._popularity = list(itertools.accumulate((rank + 1) ** -POPULARITY_EXPONENT for rank in ranks))

    def popular(self, rng: Random) -> Product:
        """A product drawn by popularity."""
        at = bisect.bisect(self._popularity, rng.random() * self._popularity[-1])
        return self.products[min(at, len(self.products) - 1)]

    def companion(self, product: Product, rng: Random) -> Product:
        """A product that goes with `product`."""
        return self.products[rng.choice(product.companions)]

    def in_category(self, category: int) -> list[Product]:
        """The products of one category."""
        return [product for product in self.products if product.category == category]

    def category_slug(self, category: int) -> str:
        return slugify(self.categories[category])


def slugify(text: str) -> str:
    """Lower-case words joined by hyphens, as the storefront's addresses have them."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _products(shop: Shop, rng: Random) -> list[Product]:
    per_category = [shop.products // len(shop.theme) + (i < shop.products % len(shop.theme)) for i in range(len(shop.theme))]
    first = [0, *itertools.accumulate(per_category)]
    partner = {theme.category: i for i, theme in enumerate(shop.theme)}
    products = []
    for category, theme in enumerate(shop.theme):
        names = [f"{adjective} {noun}" for noun in theme.nouns for adjective in ADJECTIVES]
        other = partner[theme.goes_with]
        for k, name in enumerate(rng.sample(names, per_category[category])):
            index = first[category] + k
            beside = [first[category] + (k + 1) % per_category[category]]
            beside += [first[other] + (k + n) % per_category[other] for n in range(COMPANIONS - 1)]
            price = price_tag(theme.base_price * 100 * rng.lognormvariate(0, 0.45) * shop.rate, shop, rng)
            products.append(
                Product(
                    index=index,
                    sku=f"{slugify(theme.category)[:3].upper()}-{index + 1:04d}",
                    name=name,
                    brand=rng.choice(BRANDS),
                    category=category,
                    price=price,
                    cost=price * rng.randint(45, 70) // (100 * shop.step) * shop.step,
                    stock=rng.randint(0, 400),
                    companions=tuple(beside),
                )
            )
    return products


def price_tag(amount: float, shop: Shop, rng: Random) -> int:
    """The nearest price below `amount` hundredths that ends the way this shop's price tags end."""
    unit = 100 if max(shop.endings) < 100 else 10_000
    ending = rng.choice(shop.endings)
    return max(int(amount) // unit, 1) * unit - (unit - ending if ending else 0) + (unit if unit > amount else 0)


def _coupons(shop: Shop) -> tuple[Coupon, ...]:
    fixed = max(shop.free_shipping_from // 10 // shop.step * shop.step, shop.step)
    return Coupon("WELCOME10", "percent", 10), Coupon("SAVE15", "percent", 15), Coupon("THANKYOU", "fixed", fixed)
