"""The orders of the page: one card an order, with its lines, payments, shipments and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gxy_analytics.governance.privacy_report.digest import NEWEST, Digest, Order
from gxy_analytics.governance.privacy_report.html import Html, facts, fold, join, table, tag, text
from gxy_analytics.governance.privacy_report.wording import amount, count, instant

OPEN = 5
"""Orders that are shown before the rest is folded away."""
TOTALS = {
    "subtotal": "Goods",
    "discount_total": "Discount",
    "shipping_total": "Delivery",
    "tax_total": "Tax",
    "grand_total": "Total",
}


def orders(digest: Digest) -> Html:
    """The newest orders, the rest counted."""
    if not digest.order_count:
        return Html("")
    cards = [_card(order, digest.head.products) for order in reversed(digest.orders.values())]
    spent = ", ".join(amount(total, currency) for currency, total in sorted(digest.spent.items()))
    cancelled = f", {digest.cancelled:,} of them cancelled" if digest.cancelled else ""
    parts: list[Html] = [
        tag("p", f"{count(digest.order_count, 'order')}{cancelled}{f'. Spent: {spent}' if spent else ''}.", class_="soft")
    ]
    parts += cards[:OPEN]
    if len(cards) > OPEN:
        parts.append(fold(count(len(cards) - OPEN, "earlier order"), *cards[OPEN:]))
    if digest.order_count > NEWEST:
        parts.append(tag("p", f"{count(digest.order_count - NEWEST, 'older order')} are in report.json.", class_="soft"))
    return join(parts)


def _card(order: Order, products: dict[int, tuple[str, str]]) -> Html:
    row, currency = order.row, order.row.get("currency", "")
    title = tag(
        "h3",
        row.get("number") or f"Order {row['order_id']}",
        tag("span", instant(row["placed_at"])),
        tag("span", row.get("status", ""), class_="tag"),
    )
    return tag("div", title, _lines(order, products, currency), _facts(order), *_movements(order, currency), class_="card")


def _lines(order: Order, products: dict[int, tuple[str, str]], currency: str) -> Html:
    columns = (("Product", "w"), ("Quantity", "n"), ("Price", "n"), ("Discount", "n"), ("Total", "n"))
    rows: list[Sequence[object]] = [
        (products.get(one.get("product_id", 0), (f"Product {one.get('product_id', '')}", ""))[0], f"{one.get('quantity', 0):,}",
         amount(one.get("unit_price")), amount(one.get("discount")), amount(one.get("total"), currency))
        for one in order.items
    ]  # fmt: skip
    return table(columns, rows, stack=True) if rows else Html("")


def _facts(order: Order) -> Html:
    row, currency = order.row, order.row.get("currency", "")
    sums = [(title, _sum(name, row[name], currency)) for name, title in TOTALS.items() if _is_told(name, row.get(name))]
    town = " ".join(filter(None, (row.get("shipping_postal_code"), row.get("shipping_city"))))
    delivery = ", ".join(filter(None, (town, row.get("shipping_country"))))
    return facts(
        (
            *sums,
            ("Coupon", row.get("coupon_code", "")),
            ("Ordered through", row.get("channel", "")),
            ("Delivery to", delivery),
            ("Billing country", row.get("billing_country", "")),
            ("Network address", order.address or row.get("ip_truncated", "")),
            ("Cancelled", instant(row.get("cancelled_at"))),
        )
    )


def _sum(name: str, value: Any, currency: str) -> Html:
    """A discount is taken off; the total stands out."""
    told = f"\N{MINUS SIGN}{amount(value, currency)}" if name == "discount_total" else amount(value, currency)
    return tag("strong", told) if name == "grand_total" else text(told)


def _is_told(name: str, value: Any) -> bool:
    """A zero is told of the total alone."""
    return bool(value) and (name == "grand_total" or amount(value) != "0.00")


def _movements(order: Order, currency: str) -> list[Html]:
    """Payments, refunds and shipments, one line each."""
    said = []
    for one in order.payments:
        how = " ".join(filter(None, (one.get("method"), one.get("provider"), one.get("card_country"))))
        said.append(
            (
                "Payment",
                f"{amount(one.get('amount'), one.get('currency', currency))}, {one.get('status', '')}",
                how,
                one.get("processed_at"),
            )
        )
    for one in order.refunds:
        said.append(
            ("Refund", amount(one.get("amount"), one.get("currency", currency)), one.get("reason", ""), one.get("processed_at"))
        )
    for one in order.shipments:
        said.append(("Delivery", one.get("status", ""), one.get("carrier", ""), one.get("delivered_at") or one.get("shipped_at")))
    rows = [(what, detail, how, instant(at)) for what, detail, how, at in said]
    return [table((("What", ""), ("", "w"), ("How", "w"), ("When", "t")), rows, stack=True)] if rows else []
