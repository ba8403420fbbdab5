"""Money of the simulator: shares add up, orders add up, and every amount can be paid in its currency."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.demo.aftermath import live_on
from gxy_analytics.demo.arrivals import midnight
from gxy_analytics.demo.catalogue import Catalogue
from gxy_analytics.demo.money import as_decimal, fraction_of, spread
from gxy_analytics.demo.orders import Order, price_order
from gxy_analytics.demo.shops import SHOPS
from gxy_analytics.demo.world import Plan, ShopWorld

CATALOGUES = {shop.slug: Catalogue(shop, "test") for shop in SHOPS}
WORLDS = {shop.slug: ShopWorld(Plan(), shop) for shop in SHOPS}


@st.composite
def orders(draw: st.DrawFn) -> Order:
    shop = draw(st.sampled_from(SHOPS))
    catalogue, world = CATALOGUES[shop.slug], WORLDS[shop.slug]
    indices = draw(st.lists(st.integers(0, shop.products - 1), min_size=1, max_size=6, unique=True))
    basket = [(catalogue.products[i], draw(st.integers(1, 9))) for i in indices]
    coupon = draw(st.sampled_from((None, *catalogue.coupons)))
    placed_at = midnight(date(2026, 1, 20), world.zone)
    rng = Random(draw(st.integers(0, 10_000)))
    shopper = world.population.shopper(draw(st.integers(0, 50)))
    order = price_order(shop, rng, basket, coupon, number="N1", shopper=shopper, placed_at=placed_at, channel="web")
    return live_on(order, shop, rng, placed_at + draw(st.integers(1, 20)) * 86_400)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=8), st.floats(0, 1), st.sampled_from((1, 100)))
def test_shares_add_up_and_none_is_more_than_its_line(weights: list[int], part: float, step: int) -> None:
    weights = [weight * step for weight in weights]
    amount = int(sum(weights) * part) // step * step
    shares = spread(amount, weights, step)
    assert sum(shares) == amount
    assert all(0 <= share <= weight and share % step == 0 for share, weight in zip(shares, weights, strict=True))


@given(st.integers(0, 10**9), st.integers(0, 10**4))
def test_a_fraction_is_rounded_half_up(amount: int, points: int) -> None:
    exact = as_decimal(amount) * points / 10_000
    assert abs(as_decimal(fraction_of(amount, points, 10_000, 1)) - exact) <= as_decimal(1) / 2


@given(orders())
def test_an_order_adds_up(order: Order) -> None:
    assert order.subtotal - order.discount_total + order.shipping_total + order.tax_total == order.grand_total
    assert order.subtotal == sum(line.unit_price * line.quantity for line in order.lines)
    assert order.tax_total == sum(line.tax for line in order.lines)
    assert order.discount_total == order.subtotal - sum(line.net for line in order.lines)
    assert sum(line.discount for line in order.lines) <= order.discount_total
    assert all(line.net >= 0 and line.total >= 0 for line in order.lines)


def test_no_more_is_refunded_than_was_paid_for_the_goods() -> None:
    kinds: Counter[str] = Counter()
    for n in range(3_000):
        order = _any_order(n)
        returned = sum(refund.amount for refund in order.refunds)
        paid = [payment for payment in order.payments if payment.status == "captured"]
        assert len(paid) <= 1
        assert not order.refunds or paid
        assert returned <= sum(line.net for line in order.lines)
        for refund in order.refunds:
            assert refund.line is None or (
                refund.quantity <= order.lines[refund.line].quantity and refund.amount <= order.lines[refund.line].net
            )
        if order.status == "cancelled":
            assert returned == (order.subtotal - order.discount_total if paid else 0)
        kinds[order.status if order.status == "cancelled" else f"{len(order.refunds)} of {len(order.lines)}"] += 1
    assert kinds["cancelled"] > 100
    assert kinds["1 of 2"] > 20 < kinds["2 of 2"]


def _any_order(n: int) -> Order:
    shop, rng = SHOPS[n % len(SHOPS)], Random(n)
    world, catalogue = WORLDS[shop.slug], CATALOGUES[shop.slug]
    basket = [(product, rng.randint(1, 3)) for product in rng.sample(catalogue.products, 2)]
    order = price_order(
        shop, rng, basket, rng.choice((None, *catalogue.coupons)),
        number="N1", shopper=world.population.shopper(n % 50), placed_at=1_768_900_000, channel="web",
    )  # fmt: skip
    return live_on(order, shop, rng, order.placed_at + 30 * 86_400)


def test_every_amount_can_be_paid_in_its_currency() -> None:
    for shop in SHOPS:
        world = WORLDS[shop.slug]
        for order in world.day(date(2026, 1, 20)).orders:
            amounts = [order.grand_total, order.discount_total, order.tax_total, *(refund.amount for refund in order.refunds)]
            assert all(amount % shop.step == 0 for amount in amounts), (shop.slug, order.number)


def test_prices_end_the_way_the_shops_price_tags_end() -> None:
    for shop in SHOPS:
        unit = 100 if max(shop.endings) < 100 else 10_000
        endings = {product.price % unit for product in CATALOGUES[shop.slug].products}
        assert endings == set(shop.endings), shop.slug
        assert all(0 < product.cost < product.price for product in CATALOGUES[shop.slug].products)
