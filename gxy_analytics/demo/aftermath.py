"""What becomes of a placed order until the simulation ends: payment, cancellation, parcel, refunds.

Shares are of a middling European shop, chosen to look right on a dashboard and not measured anywhere.
"""

from __future__ import annotations

from random import Random

from gxy_analytics.demo.money import fraction_of
from gxy_analytics.demo.orders import DAY, HOUR, Order, Payment, Refund, Shipment
from gxy_analytics.demo.shops import Shop

METHODS = (("card", 0.62), ("wallet", 0.28), ("invoice", 0.10))
CARRIERS = ("Swift Parcel", "Green Post", "Meridian Express")
REASONS = ("damaged", "not as described", "wrong size", "changed mind", "late")
FAILED_SHARE = 0.08
ABANDONED_AFTER_FAILURE = 0.25
CANCELLED_SHARE = 0.03
RETURNED_SHARE = 0.07


def live_on(order: Order, shop: Shop, rng: Random, until: int) -> Order:
    """Let `order` live; nothing that would happen at or after `until` (epoch seconds) has happened."""
    paid_at = _pay(order, rng, until)
    if paid_at is None:
        _cancel(order, order.placed_at + DAY + rng.randrange(HOUR), until)
    elif rng.random() < CANCELLED_SHARE:
        _cancel(order, paid_at + rng.randrange(HOUR, 20 * HOUR), until)
        if order.cancelled_at is not None:
            order.refunds = _all_lines(order, "cancelled", order.cancelled_at)
    else:
        delivered_at = _ship(order, rng, paid_at, until)
        if rng.random() < RETURNED_SHARE:
            _return(order, shop, rng, delivered_at + rng.randrange(DAY, 7 * DAY), until)
    return order


def _pay(order: Order, rng: Random, until: int) -> int | None:
    method = rng.choices([name for name, _ in METHODS], [share for _, share in METHODS])[0]
    at = order.placed_at + rng.randrange(2, 40)
    attempts = []
    if rng.random() < FAILED_SHARE:
        attempts.append(Payment(method, "failed", order.grand_total, at))
        at += rng.randrange(60, 400)
        method = "card"
    if not attempts or rng.random() >= ABANDONED_AFTER_FAILURE:
        attempts.append(Payment(method, "captured", order.grand_total, at))
    order.payments = [payment for payment in attempts if payment.at < until]
    paid_at = next((payment.at for payment in order.payments if payment.status == "captured"), None)
    order.status = "pending" if paid_at is None else "paid"
    return paid_at


def _cancel(order: Order, at: int, until: int) -> None:
    if at < until:
        order.status, order.cancelled_at = "cancelled", at


def _ship(order: Order, rng: Random, paid_at: int, until: int) -> int:
    """Send the parcel; returns when it is delivered, be that after `until` or not."""
    shipped_at = paid_at + rng.randrange(4 * HOUR, 40 * HOUR)
    delivered_at = shipped_at + rng.randrange(20 * HOUR, 4 * DAY)
    shipped, delivered = shipped_at < until, delivered_at < until
    order.shipment = Shipment(
        carrier=rng.choice(CARRIERS),
        status="delivered" if delivered else "shipped" if shipped else "pending",
        promised_at=order.placed_at + 4 * DAY,
        shipped_at=shipped_at if shipped else None,
        delivered_at=delivered_at if delivered else None,
    )
    if shipped:
        order.status = "fulfilled"
    return delivered_at


def _return(order: Order, shop: Shop, rng: Random, at: int, until: int) -> None:
    kind, line = rng.random(), rng.randrange(len(order.lines))
    quantity, reason = rng.randint(1, order.lines[line].quantity), rng.choice(REASONS)
    if at >= until:
        return
    if kind < 0.5:
        order.refunds = _all_lines(order, reason, at)
    elif kind < 0.9:
        returned = order.lines[line]
        amount = fraction_of(returned.net, quantity, returned.quantity, shop.step)
        order.refunds = [Refund(line, amount, quantity, reason, at)]
    else:
        goodwill = fraction_of(sum(item.net for item in order.lines), 1, 10, shop.step)
        order.refunds = [Refund(None, goodwill, 0, "goodwill", at)]


def _all_lines(order: Order, reason: str, at: int) -> list[Refund]:
    return [Refund(i, line.net, line.quantity, reason, at) for i, line in enumerate(order.lines)]
