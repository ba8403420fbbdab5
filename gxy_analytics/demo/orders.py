"""What an order costs and what becomes of it: lines, discounts, tax, payments, shipment, cancellation, refunds.

Amounts are hundredths of the shop's currency, instants are epoch seconds (UTC). Writing it down belongs to `backend.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from gxy_analytics.demo.catalogue import Coupon, Product
from gxy_analytics.demo.money import BASIS_POINTS, fraction_of, spread
from gxy_analytics.demo.shoppers import Shopper
from gxy_analytics.demo.shops import Shop

SALE_SHARE = 0.12  # of lines
HOUR, DAY = 3_600, 86_400


@dataclass(frozen=True)
class Line:
    """One product of an order; a product appears once in an order."""

    product: Product
    quantity: int
    unit_price: int
    discount: int  # as written to the line: its own, and the coupon's share where the backend spreads coupons
    net: int  # unit_price * quantity less every discount, the coupon's share included
    tax: int

    @property
    def gross(self) -> int:
        return self.unit_price * self.quantity

    @property
    def total(self) -> int:
        return self.gross - self.discount + self.tax


@dataclass(frozen=True)
class Payment:
    """One attempt to be paid."""

    method: str
    status: str
    amount: int
    at: int


@dataclass(frozen=True)
class Shipment:
    """The parcel of an order."""

    carrier: str
    status: str
    promised_at: int
    shipped_at: int | None
    delivered_at: int | None


@dataclass(frozen=True)
class Refund:
    """Goods value that goes back; `line` is an index into the order's lines, None for the order as a whole."""

    line: int | None
    amount: int
    quantity: int
    reason: str
    at: int


@dataclass
class Order:
    """An order as it stands when the simulation ends."""

    number: str
    shopper: Shopper
    placed_at: int
    channel: str
    lines: tuple[Line, ...]
    coupon: Coupon | None
    discount_total: int
    shipping_total: int
    is_guest: bool = False
    status: str = "pending"
    cancelled_at: int | None = None
    payments: list[Payment] = field(default_factory=list)
    shipment: Shipment | None = None
    refunds: list[Refund] = field(default_factory=list)

    @property
    def subtotal(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def tax_total(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def grand_total(self) -> int:
        return self.subtotal - self.discount_total + self.shipping_total + self.tax_total


def price_order(
    shop: Shop, rng: Random, basket: Sequence[tuple[Product, int]], coupon: Coupon | None, **identity: object
) -> Order:
    """Charge `basket` ((product, quantity), each product once).

    `identity` is number, shopper, placed_at, channel and is_guest of the order.
    """
    gross = [product.price * quantity for product, quantity in basket]
    own = [_sale(amount, shop, rng) for amount in gross]
    left = [amount - discount for amount, discount in zip(gross, own, strict=True)]
    shares = spread(_coupon_value(coupon, sum(left), shop), left, shop.step)
    lines = []
    for (product, quantity), sale, amount, share in zip(basket, own, left, shares, strict=True):
        net = amount - share
        written = sale + (share if shop.spreads_coupons else 0)
        tax = fraction_of(net, shop.tax_points, BASIS_POINTS, shop.step)
        lines.append(Line(product, quantity, product.price, written, net, tax))
    goods = sum(line.net for line in lines)
    return Order(
        lines=tuple(lines),
        coupon=coupon,
        discount_total=sum(own) + sum(shares),
        shipping_total=0 if goods >= shop.free_shipping_from else shop.shipping,
        **identity,  # type: ignore[arg-type]
    )


def _sale(gross: int, shop: Shop, rng: Random) -> int:
    return fraction_of(gross, rng.choice((10, 15, 20, 30)), 100, shop.step) if rng.random() < SALE_SHARE else 0


def _coupon_value(coupon: Coupon | None, goods: int, shop: Shop) -> int:
    if coupon is None:
        return 0
    return fraction_of(goods, coupon.value, 100, shop.step) if coupon.kind == "percent" else min(coupon.value, goods)
