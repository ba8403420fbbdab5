"""Rows of the backend's tables from the simulated world, as tuples in the order of `backend_tables`.

Times become UTC without a zone and whole seconds, as Laravel writes them; amounts become exact decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gxy_analytics.demo.catalogue import Catalogue
from gxy_analytics.demo.money import as_decimal
from gxy_analytics.demo.orders import Order
from gxy_analytics.demo.shoppers import Shopper

OPENED = datetime(2024, 1, 1, 8)  # noqa: DTZ001 - when every simulated shop put up its catalogue, UTC
PROVIDERS = {"card": "stripe", "wallet": "paypal", "invoice": "klarna"}
Row = tuple[object, ...]


def instant(seconds: int | None) -> datetime | None:
    """Epoch seconds as a naive UTC datetime."""
    return None if seconds is None else datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001


def category_rows(tenant: int, catalogue: Catalogue) -> list[Row]:
    """Rows of `categories`: the shop's categories, all at the root."""
    return [(tenant, name, catalogue.category_slug(i), OPENED) for i, name in enumerate(catalogue.categories)]


def product_rows(tenant: int, catalogue: Catalogue, categories: Mapping[str, int]) -> list[Row]:
    """Rows of `products`; `categories` maps slug to categories.id."""
    currency = catalogue.shop.currency
    return [
        (
            tenant, categories[catalogue.category_slug(product.category)], product.sku, product.name, product.brand,
            as_decimal(product.price), as_decimal(product.cost), currency, product.stock, "active", OPENED,
        )
        for product in catalogue.products
    ]  # fmt: skip


def coupon_rows(tenant: int, catalogue: Catalogue) -> list[Row]:
    """Rows of `coupons`; a percentage is written as such (10.00), a fixed value as an amount."""
    values = [coupon.value if coupon.kind == "fixed" else coupon.value * 100 for coupon in catalogue.coupons]
    return [
        (tenant, coupon.code, coupon.kind, as_decimal(value), OPENED, OPENED)
        for coupon, value in zip(catalogue.coupons, values, strict=True)
    ]


def customer_row(tenant: int, shopper: Shopper, seen_at: int) -> Row:
    """A row of `customers`, created when the shop first saw the shopper (epoch seconds)."""
    return (
        tenant, shopper.email, shopper.phone, shopper.first_name, shopper.last_name, shopper.birth_date, shopper.gender,
        shopper.country, shopper.region, shopper.city, shopper.postal_code, shopper.accepts_marketing, instant(seen_at),
    )  # fmt: skip


def order_row(tenant: int, order: Order, currency: str, customer: int | None) -> Row:
    """A row of `orders` as it stands when the simulation ends; `customer` is None for a guest."""
    shopper, placed_at = order.shopper, instant(order.placed_at)
    return (
        tenant, customer, order.number, order.status, currency, as_decimal(order.subtotal), as_decimal(order.discount_total),
        as_decimal(order.shipping_total), as_decimal(order.tax_total), as_decimal(order.grand_total),
        order.coupon.code if order.coupon else None, order.channel, shopper.ip_address, shopper.country, shopper.country,
        shopper.city, shopper.postal_code, placed_at, instant(order.cancelled_at), placed_at,
    )  # fmt: skip


def line_rows(tenant: int, order: Order, order_id: int, products: Mapping[int, int]) -> list[Row]:
    """Rows of `order_items`; `products` maps product index to products.id."""
    placed_at = instant(order.placed_at)
    return [
        (
            tenant, order_id, products[line.product.index], line.quantity, as_decimal(line.unit_price),
            as_decimal(line.discount), as_decimal(line.tax), as_decimal(line.total), placed_at,
        )
        for line in order.lines
    ]  # fmt: skip


def payment_rows(tenant: int, order: Order, order_id: int, currency: str) -> list[Row]:
    """Rows of `payments`, one an attempt."""
    return [
        (
            tenant, order_id, PROVIDERS[payment.method], payment.method, payment.status, as_decimal(payment.amount), currency,
            order.shopper.card_fingerprint if payment.method == "card" else None,
            order.shopper.country if payment.method == "card" else None, instant(payment.at), instant(payment.at),
        )
        for payment in order.payments
    ]  # fmt: skip


def shipment_rows(tenant: int, order: Order, order_id: int) -> list[Row]:
    """The row of `shipments`, none for an order that was never to be sent."""
    parcel = order.shipment
    if parcel is None:
        return []
    times = (instant(parcel.promised_at), instant(parcel.shipped_at), instant(parcel.delivered_at))
    return [(tenant, order_id, parcel.carrier, parcel.status, *times, instant(order.placed_at))]


def refund_rows(tenant: int, order: Order, order_id: int, lines: Sequence[int]) -> list[Row]:
    """`lines` are the keys of the order's lines, in their order."""
    return [
        (
            tenant, order_id, None if refund.line is None else lines[refund.line], as_decimal(refund.amount), refund.quantity,
            refund.reason, instant(refund.at), instant(refund.at),
        )
        for refund in order.refunds
    ]  # fmt: skip
