"""The simulator's own account of what it did: what was sent and answered, and what the marts must say about it.

Keeping count only; it is compared with the ledger and the marts by the demo's summary and by the tests.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from gxy_analytics.demo.money import as_decimal
from gxy_analytics.demo.orders import Order


@dataclass
class Sales:
    """One tenant's local day as `marts.sales_daily` must show it; amounts in the tenant's currency."""

    orders: int = 0
    units: int = 0
    gross_sales: Decimal = Decimal(0)
    discounts: Decimal = Decimal(0)
    returns: Decimal = Decimal(0)

    @property
    def net_sales(self) -> Decimal:
        return self.gross_sales - self.discounts - self.returns


@dataclass
class TenantAccount:
    """What was done for one tenant. `sent` = `unique` + `repeated` + `broken`; answers are counted over all that was sent."""

    currency: str
    sent: int = 0
    unique: int = 0
    repeated: int = 0
    broken: int = 0
    late: int = 0
    lost: int = 0  # never sent: lost on the way, as far as the service can know
    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    order_events: int = 0
    refunds: int = 0
    customers: int = 0
    days: dict[date, Sales] = field(default_factory=dict)

    def add_order(self, order: Order, zone: ZoneInfo) -> None:
        """Count `order` on its local day and each refund on the local day it was processed."""
        self.orders += 1
        sales = self.days.setdefault(local_date(order.placed_at, zone), Sales())
        sales.orders += 1
        sales.units += sum(line.quantity for line in order.lines)
        sales.gross_sales += as_decimal(order.subtotal)
        sales.discounts += as_decimal(order.discount_total)
        for refund in order.refunds:
            self.refunds += 1
            self.days.setdefault(local_date(refund.at, zone), Sales()).returns += as_decimal(refund.amount)


@dataclass
class Account:
    """The whole simulation, by tenant slug."""

    tenants: dict[str, TenantAccount] = field(default_factory=dict)
    seconds: float = 0.0

    def total(self, name: str) -> int:
        """The sum of one counter (such as `sent`) over all tenants."""
        return sum(int(getattr(tenant, name)) for tenant in self.tenants.values())

    def answered(self, status: str) -> int:
        """How many events were answered `status`."""
        return sum(tenant.answers[status] for tenant in self.tenants.values())

    def as_json(self) -> dict[str, object]:
        """The account for `--json`: amounts as text, days as ISO dates."""
        counters = (
            "sent",
            "unique",
            "repeated",
            "broken",
            "late",
            "lost",
            "requests",
            "orders",
            "order_events",
            "refunds",
            "customers",
        )
        return {
            "events": {
                **{name: self.total(name) for name in counters},
                "answers": {status: self.answered(status) for status in ("ok", "warning", "drop")},
            },
            "seconds": round(self.seconds, 2),
            "tenants": {slug: _tenant_json(tenant) for slug, tenant in self.tenants.items()},
        }


def local_date(seconds: int, zone: ZoneInfo) -> date:
    """The calendar day of an instant (epoch seconds) in `zone`."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).date()


def _tenant_json(tenant: TenantAccount) -> dict[str, object]:
    days = {
        day.isoformat(): {**{name: str(value) for name, value in asdict(sales).items()}, "net_sales": str(sales.net_sales)}
        for day, sales in sorted(tenant.days.items())
    }
    counts = {name: value for name, value in asdict(tenant).items() if name not in ("days", "answers")}
    return {**counts, "answers": dict(tenant.answers), "days": days}
