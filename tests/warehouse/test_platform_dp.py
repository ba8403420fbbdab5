"""Differentially private counts: bounded by tenant, noisy by their scale, and refused when the budget is spent."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from statistics import fmean

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from gxy_analytics.governance import dp
from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse

WEEK = date(2026, 3, 2)
CATEGORIES = ["books", "shoes", "toys", "nothing"]
CERTAIN = dp.Terms(epsilon=Decimal(10_000), max_orders=50, max_categories=2)
"""So much epsilon that the noise is 0: what is left are the bounds."""
AMPLE, ONE = Settings(dp_budget=Decimal(1_000_000)), Settings(dp_budget=Decimal(1))


@pytest.fixture
def shops(clickhouse: Client) -> Client:
    """`small` with 7 orders of books; `huge` with 400 of each of three categories, and some in other weeks."""
    clickhouse.command(
        "create table marts.fct_order_items "
        "(tenant_id String, local_date Date, order_id UInt64, product_id UInt64, is_cancelled Bool) "
        "engine = MergeTree order by tenant_id"
    )
    clickhouse.command(
        "create table marts.dim_products (tenant_id String, product_id UInt64, category_name String) "
        "engine = MergeTree order by tenant_id"
    )
    products = [["small", 1, " Books"], ["huge", 1, "BOOKS"], ["huge", 2, "shoes"], ["huge", 3, "toys"]]
    clickhouse.insert("dim_products", products, ["tenant_id", "product_id", "category_name"], database="marts")
    sold: list[list[object]] = [["small", WEEK, n, 1, False] for n in range(7)]
    sold += [["small", date(2026, 3, 8), 6, 1, False], ["small", WEEK, 90, 1, True], ["small", date(2026, 3, 9), 91, 1, False]]
    sold += [["huge", WEEK, n, 1 + n % 3, False] for n in range(1200)]
    columns = ["tenant_id", "local_date", "order_id", "product_id", "is_cancelled"]
    clickhouse.insert("fct_order_items", sold, columns, database="marts")
    return clickhouse


def ledger(client: Client) -> Sequence[Sequence[object]]:
    return client.query("select dataset, period, epsilon, purpose from governance.dp_ledger order by spent_at").result_rows


def test_a_tenant_counts_with_at_most_its_bounds(shops: Client) -> None:
    """Of `huge` two categories with 50 each, of `small` its seven orders once each, not the cancelled or the next week's."""
    counts = dp.release_category_orders(shops, AMPLE, WEEK, CATEGORIES, CERTAIN, "a test")
    assert list(counts) == CATEGORIES
    of_huge = [counts["books"] - 7, counts["shoes"], counts["toys"], counts["nothing"]]
    assert sorted(of_huge) == [0, 0, 50, 50]


def test_one_tenant_more_or_less_changes_the_true_counts_by_no_more_than_the_sensitivity(shops: Client) -> None:
    terms = dp.Terms(Decimal(1), max_orders=30, max_categories=2)
    with_it = dp.bounded_counts(shops, WEEK, CATEGORIES, terms)
    shops.command("delete from marts.fct_order_items where tenant_id = 'huge'")
    without = dp.bounded_counts(shops, WEEK, CATEGORIES, terms)
    assert without == [7, 0, 0, 0]
    assert sum(abs(a - b) for a, b in zip(with_it, without, strict=True)) == terms.sensitivity == 60


def test_the_noise_has_the_scale_of_sensitivity_over_epsilon() -> None:
    """The mean distance of Laplace noise is its scale, here 5 × 2 / 0.5; of 4,000 draws it is within a tenth."""
    add_noise = dp.laplace(dp.Terms(Decimal("0.5"), max_orders=5, max_categories=2))
    distances = [abs(noisy - 100) for noisy in add_noise([100] * 4_000)]
    assert fmean(distances) == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize("epsilon", ["0.1", "0.3", "0.7", "1.1", "0.000003", "3"])
def test_the_noise_costs_no_more_than_the_ledger_says(epsilon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By OpenDP's own privacy map, to the last digit: a scale divided out in floats is at times a little too small."""
    opendp = pytest.importorskip("opendp.prelude")
    made, make = [], opendp.m.make_laplace
    monkeypatch.setattr(opendp.m, "make_laplace", lambda *given, **named: made.append(make(*given, **named)) or made[-1])
    terms = dp.Terms(Decimal(epsilon))
    dp.laplace(terms)
    assert Decimal(made[-1].map(terms.sensitivity)) <= terms.epsilon


def test_releases_at_once_never_spend_more_than_the_budget(shops: Client, clickhouse_server: EmbeddedClickHouse) -> None:
    """Eight who ask at the same moment for a third of the budget each: three get an answer at most; what was spent stays so."""
    terms = dp.Terms(Decimal("0.333333"))

    def ask(_: int) -> bool:
        with connect(clickhouse_server.url, purpose="tests") as client:
            try:
                dp.release_category_orders(client, ONE, WEEK, CATEGORIES, terms, "at once")
            except dp.BudgetSpentError:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        answered = sum(pool.map(ask, range(8)))
    assert answered <= 3
    assert len(ledger(shops)) >= answered


def test_a_spent_budget_refuses_and_counts_nothing(shops: Client) -> None:
    terms = dp.Terms(epsilon=Decimal("0.4"))
    for _ in range(2):
        dp.release_category_orders(shops, ONE, WEEK, CATEGORIES, terms, "the weekly letter")
    with pytest.raises(dp.BudgetSpentError, match=r"1\.2"):
        dp.release_category_orders(shops, ONE, WEEK, CATEGORIES, terms, "once more")
    assert ledger(shops) == [("category_orders", WEEK, Decimal("0.4"), "the weekly letter")] * 2


def test_without_a_budget_of_the_platforms_nothing_is_released(shops: Client) -> None:
    with pytest.raises(dp.BudgetSpentError, match="GXY_DP_BUDGET is 0"):
        dp.release_category_orders(shops, Settings(), WEEK, CATEGORIES, CERTAIN, "a test")
    assert ledger(shops) == []


def test_the_budget_is_read_from_the_environment_to_the_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GXY_DP_BUDGET", "0.300001")
    assert load_settings().dp_budget == Decimal("0.300001")
    assert load_settings().as_env()["GXY_DP_BUDGET"] == "0.300001"


def test_what_was_counted_is_in_the_ledger_whatever_became_of_it(shops: Client) -> None:
    shops.command("drop table marts.dim_products sync")
    with pytest.raises(ClickHouseError, match="dim_products"):
        dp.release_category_orders(shops, AMPLE, WEEK, CATEGORIES, CERTAIN, "a failure")
    assert [row[3] for row in ledger(shops)] == ["a failure"]


def test_without_opendp_nothing_is_spent(shops: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(dp.MissingDpError, match=r"gxy-analytics\[dp\]"):
        dp.release_category_orders(shops, AMPLE, WEEK, CATEGORIES, CERTAIN, "a test")
    assert ledger(shops) == []


@pytest.mark.parametrize(
    ("week", "categories", "terms"),
    [
        (date(2026, 3, 3), CATEGORIES, CERTAIN),
        (WEEK, [], CERTAIN),
        (WEEK, ["books", "books"], CERTAIN),
        (WEEK, CATEGORIES, dp.Terms(Decimal(0))),
        (WEEK, CATEGORIES, dp.Terms(Decimal(1), max_orders=0)),
        (WEEK, CATEGORIES, dp.Terms(Decimal(1), max_orders=-1, max_categories=-1)),
        (WEEK, CATEGORIES, dp.Terms(Decimal("0.0000009"))),
        (WEEK, CATEGORIES, dp.Terms(Decimal("NaN"))),
        (WEEK, CATEGORIES, dp.Terms(Decimal("Infinity"))),
    ],
)
def test_a_release_that_cannot_be_is_refused(shops: Client, week: date, categories: list[str], terms: dp.Terms) -> None:
    with pytest.raises(dp.InvalidReleaseError):
        dp.release_category_orders(shops, AMPLE, week, categories, terms, "a test")
    assert ledger(shops) == []
