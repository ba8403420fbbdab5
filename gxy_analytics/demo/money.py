"""Whole-number money for the simulator: every amount is an int of hundredths, rounded to what the currency can pay.

Arithmetic only; what is charged to whom belongs to `orders.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

WITHOUT_CENTS = frozenset({"JPY", "KRW"})
BASIS_POINTS = 10_000


def smallest_step(currency: str) -> int:
    """Hundredths in the smallest amount of `currency` that can be paid: 1, or 100 for a currency without cents."""
    return 100 if currency in WITHOUT_CENTS else 1


def fraction_of(amount: int, numerator: int, denominator: int, step: int) -> int:
    """`amount * numerator / denominator` in hundredths, rounded half up to a multiple of `step`."""
    scaled = denominator * step
    return (2 * amount * numerator + scaled) // (2 * scaled) * step


def spread(amount: int, weights: Sequence[int], step: int) -> list[int]:
    """Split `amount` over `weights`, each share a multiple of `step` and at most its weight; the shares add up to `amount`.

    `amount` must not exceed the sum of `weights`. What rounding leaves goes to the last weights that have room for it.
    """
    total = sum(weights)
    shares = [amount * weight // (total * step) * step if total else 0 for weight in weights]
    rest = amount - sum(shares)
    for i in reversed(range(len(shares))):
        extra = min(rest, weights[i] - shares[i])
        shares[i] += extra
        rest -= extra
    return shares


def as_decimal(amount: int) -> Decimal:
    """`amount` hundredths as a Decimal with two places."""
    return Decimal(amount).scaleb(-2)
