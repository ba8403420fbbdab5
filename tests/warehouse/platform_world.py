"""A world for the anonymous tables: order lines put straight into the marts, releases as of a day, and the thresholds in Python.

What is shown is judged here from the lines themselves, with no code of the macro's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dbt.cli.main import dbtRunnerResult
from dbt_world import DbtWorld, messages

TENANTS, CUSTOMERS, SHARE, STEP = 5, 20, 0.5, 5
RELEASED = ("category_weeks", "category_trends")
COLUMNS = [
    "tenant_id",
    "local_date",
    "order_id",
    "order_item_id",
    "product_id",
    "customer_pid",
    "currency",
    "is_cancelled",
    "units",
    "discounted_sales",
]


@dataclass(frozen=True)
class Line:
    """One order line, an order of its own. `customer` is told apart within its tenant alone."""

    tenant: str
    day: date
    category: str
    customer: str
    units: int
    sales: int


def catalogue(world: DbtWorld, tenants: Iterable[str], categories: Sequence[str]) -> None:
    """One product for each category, in every tenant: product 1 is of the first."""
    rows = [[tenant, number, name] for tenant in tenants for number, name in enumerate(categories, 1)]
    world.client.insert("dim_products", rows, ["tenant_id", "product_id", "category_name"], database="marts")


def sell(world: DbtWorld, lines: Sequence[Line], categories: Sequence[str], first_order: int = 1) -> None:
    """Put the lines into marts.fct_order_items, and record that every day of their weeks is built."""
    rows: list[list[Any]] = [
        [line.tenant, line.day, n, n, categories.index(line.category) + 1, line.customer, "EUR", False, line.units, line.sales]
        for n, line in enumerate(lines, first_order)
    ]
    world.client.insert("fct_order_items", rows, COLUMNS, database="marts")
    build_days(world, {monday(line.day) + timedelta(days=n) for line in lines for n in range(7)})


def build_days(world: DbtWorld, days: Iterable[date]) -> None:
    rows = [[day, 1, "a-run", datetime.now(UTC)] for day in days]
    world.client.insert("day_builds", rows, ["local_date", "arrived", "run_id", "built_at"], database="governance")


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def try_release(world: DbtWorld, today: date, *options: str) -> dbtRunnerResult:
    """Build the anonymous tables as of `today`; the result may be a refusal."""
    return world.dbt("run", "--select", *RELEASED, "--vars", f"{{release_today: '{today}'}}", *options)


def release(world: DbtWorld, today: date, *options: str) -> None:
    result = try_release(world, today, *options)
    assert result.success, messages(result)


def shown(world: DbtWorld, table: str) -> dict[tuple[date, str], dict[str, Any]]:
    """Every cell that a reader of the table sees, by week and category."""
    result = world.client.query(f"select * from platform.{table}")
    rows = [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]
    return {(row["week"], row["category_name"]): row for row in rows}


def is_safe(lines: Sequence[Line]) -> bool:
    """Whether what these lines add up to may be known: tenants, customers, and no tenant's part above the limit."""
    tenants = {line.tenant for line in lines}
    customers = {(line.tenant, line.customer) for line in lines if line.customer}
    if len(tenants) < TENANTS or len(customers) < CUSTOMERS:
        return False
    return all(
        max(sum(part(line) for line in lines if line.tenant == tenant) for tenant in tenants)
        <= SHARE * sum(part(line) for line in lines)
        for part in (lambda line: 1, lambda line: line.units, lambda line: line.sales)
    )
