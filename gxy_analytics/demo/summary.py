"""What the demo has to show at its end, read from the ledger, the marts and the recorded reconciliation.

Reading and judging only; how it looks is in `summary_view.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.demo.account import Account
from gxy_analytics.demo.loading import LedgerLine, read_ledger
from gxy_analytics.demo.world import Plan
from gxy_analytics.warehouse.client import read_sql


@dataclass(frozen=True)
class ShopLine:
    """One tenant over the window; amounts in its currency."""

    tenant_id: str
    currency: str
    orders: int
    gmv: Decimal
    discounted_sales: Decimal
    returns: Decimal
    net_sales: Decimal
    sessions: int
    purchases: int

    @property
    def conversion(self) -> float:
        """Share of sessions with an order, 0..1."""
        return self.purchases / self.sessions if self.sessions else 0.0

    @property
    def average_order(self) -> Decimal:
        return self.discounted_sales / self.orders if self.orders else Decimal(0)


@dataclass(frozen=True)
class BestSeller:
    """A product among the tenant's first by revenue."""

    tenant_id: str
    product_name: str
    category_name: str
    units: int
    revenue: Decimal
    currency: str


@dataclass(frozen=True)
class Summary:
    """The end of a demo."""

    plan: Plan
    account: Account
    ledger: dict[str, LedgerLine]
    shops: list[ShopLine]
    best_sellers: list[BestSeller]
    reporting_currency: str
    gmv: Decimal
    orders_without_rate: int
    compared: int
    tenant_days: int
    different: int

    @property
    def complaints(self) -> list[str]:
        """Everything that should hold and does not, a few words each."""
        names = [slug for slug, line in self.ledger.items() if not line.is_balanced]
        found = [f"the ledger of {', '.join(names)} does not balance"] if names else []
        if self.different:
            found.append(f"{self.different} of {self.compared} numbers differ from the backend")
        if not self.compared:
            found.append("nothing was compared with the backend")
        silent = {shop.slug for shop in self.plan.shops} - {line.tenant_id for line in self.shops}
        if silent:
            found.append(f"no sales of {', '.join(sorted(silent))} in the marts")
        return found

    @property
    def is_green(self) -> bool:
        return not self.complaints


def read_summary(client: Client, plan: Plan, account: Account) -> Summary:
    """Read everything the summary shows of `plan`'s tenants and days."""
    tenants = [shop.slug for shop in plan.shops]
    window = {"tenants": tenants, "first": plan.dates[0], "last": plan.end}

    def rows(name: str) -> list[tuple[Any, ...]]:
        return list(client.query(read_sql(__package__, name), parameters=window).result_rows)

    [(currency, gmv, without_rate)] = rows("summary_platform.sql")
    [(compared, tenant_days, different)] = rows("summary_reconciliation.sql")
    return Summary(
        plan=plan,
        account=account,
        ledger=read_ledger(client, tenants),
        shops=[ShopLine(*row) for row in rows("summary_shops.sql")],
        best_sellers=[BestSeller(*row) for row in rows("summary_products.sql")],
        reporting_currency=currency,
        gmv=gmv or Decimal(0),
        orders_without_rate=without_rate,
        compared=compared,
        tenant_days=tenant_days,
        different=different,
    )
