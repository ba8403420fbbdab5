"""Differentially private releases: weekly orders by category with noise that hides any one tenant, within a budget.

The thresholds of anonymous tables are dbt's (`dbt/macros/anonymise.sql`). Needs the extra `gxy-analytics[dp]` (OpenDP).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf, nextafter

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql

DATASET = "category_orders"
FINEST = Decimal("0.000001")
"""Of epsilon, as the ledger keeps it: what is finer would be spent as nothing, again and again."""


class MissingDpError(GxyError):
    """OpenDP is not installed."""


class BudgetSpentError(GxyError):
    """The release would tell more about a tenant than its dataset's budget allows."""


class InvalidReleaseError(GxyError):
    """A release that cannot be: no Monday, no category, a category twice, a bound or epsilon that is not positive or too fine."""


@dataclass(frozen=True)
class Terms:
    """What one release costs and counts. One tenant more or less changes its true counts by `sensitivity` in all, at most.

    `epsilon` is this release's. `max_orders` of a tenant count in a category, in at most `max_categories` of those asked for.
    """

    epsilon: Decimal
    max_orders: int = 50
    max_categories: int = 3

    @property
    def sensitivity(self) -> int:
        return self.max_orders * self.max_categories


def release_category_orders(
    client: Client, settings: Settings, week: date, categories: Sequence[str], terms: Terms, purpose: str
) -> dict[str, int]:
    """Noisy orders of the week that begins on Monday `week`, for every one of `categories`, sold or not.

    The names must be known without looking at the week's rows (a list of the platform's own, or what is released already):
    which ones are asked for is not protected. Counts are the Laplace mechanism's over bounded counts (Dwork et al. 2006,
    discrete as in OpenDP), negative ones 0. What it costs is spent before anything is counted; asking twice costs twice, so keep
    the answer. All releases of the dataset together cost `settings.dp_budget` at most: they add up for a tenant that is in all.
    Raises InvalidReleaseError, BudgetSpentError (nothing is counted), MissingDpError (nothing is spent).
    """
    require_valid(week, categories, terms)
    add_noise = laplace(terms)
    spend(client, week, terms, settings.dp_budget, purpose)
    true = bounded_counts(client, week, categories, terms)
    return {name: max(0, noisy) for name, noisy in zip(categories, add_noise(true), strict=True)}


def require_valid(week: date, categories: Sequence[str], terms: Terms) -> None:
    """Raise InvalidReleaseError."""
    if week.weekday() != 0:
        raise InvalidReleaseError(f"{week} is no Monday: name the first day of the week.")
    if not categories or len(set(categories)) != len(categories):
        raise InvalidReleaseError("Name each category once, and at least one.")
    if not terms.epsilon.is_finite() or terms.epsilon <= 0 or terms.epsilon % FINEST:
        raise InvalidReleaseError(f"epsilon must be a positive multiple of {FINEST}.")
    if terms.max_orders <= 0 or terms.max_categories <= 0:
        raise InvalidReleaseError("max_orders and max_categories must be positive: without a bound no noise is enough.")


def laplace(terms: Terms) -> Callable[[Sequence[int]], list[int]]:
    """Return what adds OpenDP's discrete Laplace noise of scale sensitivity / epsilon to counts, at a cost of epsilon at most.

    Raises MissingDpError.
    """
    try:
        import opendp.prelude as opendp
    except ModuleNotFoundError as error:
        raise MissingDpError("OpenDP is not installed: pip install 'gxy-analytics[dp]'. Nothing was spent.") from error
    # Its mechanisms are named so until their proofs are vetted by the project.
    opendp.enable_features("contrib")
    counts = opendp.vector_domain(opendp.atom_domain(T=int))
    scale = terms.sensitivity / float(terms.epsilon)
    measurement = opendp.m.make_laplace(counts, opendp.l1_distance(T=int), scale=scale)
    # What OpenDP says that it costs, rounded up, may be more than was asked for by the last digit of a float.
    while Decimal(measurement.map(terms.sensitivity)) > terms.epsilon:
        scale = nextafter(scale, inf)
        measurement = opendp.m.make_laplace(counts, opendp.l1_distance(T=int), scale=scale)
    return lambda true: [int(noisy) for noisy in measurement(list(true))]


def spend(client: Client, week: date, terms: Terms, budget: Decimal, purpose: str) -> None:
    """Enter the release into the ledger. Raises BudgetSpentError.

    Looked at before and after: two releases at once that do not both fit are noticed, and what was entered stays spent.
    """
    require_budget(spent(client) + terms.epsilon, budget)
    client.insert(
        "dp_ledger",
        [[DATASET, week, terms.epsilon, terms.max_orders, terms.max_categories, purpose, datetime.now(UTC)]],
        column_names=["dataset", "period", "epsilon", "max_orders", "max_categories", "purpose", "spent_at"],
        database="governance",
    )
    require_budget(spent(client), budget)


def spent(client: Client) -> Decimal:
    """Epsilon spent so far."""
    return Decimal(client.query(read_sql(__package__, "dp_spent.sql"), parameters={"dataset": DATASET}).first_item["spent"])


def require_budget(total: Decimal, budget: Decimal) -> None:
    """Raise BudgetSpentError where `total` epsilon is more than the budget."""
    if total > budget:
        raise BudgetSpentError(
            f"With this release {total} of epsilon would be spent on {DATASET}, and GXY_DP_BUDGET is {budget}: "
            "use the releases there are, or decide that tenants may be exposed to more and raise it."
        )


def bounded_counts(client: Client, week: date, categories: Sequence[str], terms: Terms) -> list[int]:
    """True counts in the order of `categories`, every tenant bounded by the terms; for noise, never for eyes."""
    rows = client.query(
        read_sql(__package__, "dp_category_orders.sql"),
        parameters={
            "week": week,
            "categories": list(categories),
            "max_orders": terms.max_orders,
            "max_categories": terms.max_categories,
        },
    ).result_rows
    counted = {str(name): int(orders) for name, orders in rows}
    return [counted.get(name, 0) for name in categories]
