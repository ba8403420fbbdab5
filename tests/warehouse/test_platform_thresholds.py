"""Random weeks of random tenants, anonymised by dbt and judged line by line: what is shown, and what follows from it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from math import floor, log10
from typing import Any

import pytest
from dbt_world import DbtWorld, dbt_world
from platform_world import STEP, Line, catalogue, is_safe, monday, release, sell, shown

CATEGORIES = [f"category {n}" for n in range(8)]
FIRST = date(2025, 1, 6)
WEEKS = [FIRST + timedelta(weeks=n) for n in range(40)]


def random_week(rng: random.Random, week: date) -> list[Line]:
    """Few or many tenants; some sell in one category alone, some sell more than all others."""
    lines = []
    for number in range(rng.randint(4, 12)):
        weight = rng.choice([1, 1, 1, 1, 1, 1, 1, 2, 2, 16])
        for category in rng.sample(CATEGORIES, rng.randint(2, 7)):
            for customer in range(rng.randint(3, 8)):
                name = f"c{customer}" if rng.random() < 0.9 else ""
                day = week + timedelta(days=rng.randrange(7))
                lines.append(Line(f"t{number}", day, category, name, weight * rng.randint(1, 5), weight * rng.randint(0, 400)))
    return lines


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    rng = random.Random(4)
    return [line for week in WEEKS for line in random_week(rng, week)]


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, lines: list[Line]) -> Iterator[dict[tuple[date, str], dict[str, Any]]]:
    """What a reader of platform.category_weeks sees of the random weeks."""
    with dbt_world(tmp_path_factory.mktemp("thresholds")) as world:
        built(world, lines)
        release(world, WEEKS[-1] + timedelta(days=60))
        yield shown(world, "category_weeks")


def built(world: DbtWorld, lines: list[Line]) -> None:
    world.build(what=("run", "--select", "+fct_order_items", "dim_products", "+stg_shop__products", "+stg_shop__categories"))
    world.build(what=("seed",))
    catalogue(world, {line.tenant for line in lines}, CATEGORIES)
    sell(world, lines, CATEGORIES)


def of(lines: list[Line], week: date, category: str) -> list[Line]:
    return [line for line in lines if monday(line.day) == week and category in ("", line.category)]


def rough(number: int) -> int:
    step = max(STEP, 10 ** (floor(log10(max(number, 1))) - 1))
    return round(number / step) * step


def test_every_shown_cell_passes_the_thresholds_and_is_round(cells: dict[Any, Any], lines: list[Line]) -> None:
    numbers = {key: row for key, row in cells.items() if row["units"] is not None}
    assert len(numbers) > 50
    for (week, category), row in numbers.items():
        of_cell = of(lines, week, category)
        assert is_safe(of_cell), (week, category)
        assert row["tenants"] == len({line.tenant for line in of_cell}) // STEP * STEP
        assert row["orders"] == rough(len(of_cell))
        assert row["units"] == rough(sum(line.units for line in of_cell))


def test_what_the_total_leaves_for_the_hidden_cells_passes_the_thresholds_too(cells: dict[Any, Any], lines: list[Line]) -> None:
    """Total less the shown cells is known to every reader: it must not be one tenant's number."""
    pools, complementary = 0, 0
    for week in WEEKS:
        hidden = [name for name in CATEGORIES if (week, name) not in cells and of(lines, week, name)]
        pool = [line for name in hidden for line in of(lines, week, name)]
        assert len(hidden) <= cells[week, ""]["suppressed_categories"] < len(hidden) + STEP
        if cells[week, ""]["units"] is None:
            assert not is_safe(of(lines, week, ""))
            assert all(row["units_share"] is None and row["sales_share"] is None for key, row in cells.items() if key[0] == week)
            continue
        assert not pool or is_safe(pool), (week, hidden)
        pools += bool(pool)
        complementary += any(is_safe(of(lines, week, name)) for name in hidden)
    assert pools > 5 and complementary > 3, "the random weeks prove something"


def test_no_more_is_hidden_than_has_to_be(cells: dict[Any, Any], lines: list[Line]) -> None:
    """The largest of the safe cells that are hidden was needed: without it what is hidden would not pass."""
    for week in WEEKS:
        hidden = [name for name in CATEGORIES if (week, name) not in cells and of(lines, week, name)]
        safe = sorted((len(of(lines, week, name)), name) for name in hidden if is_safe(of(lines, week, name)))
        if safe:
            without = [line for name in hidden if name != safe[-1][1] for line in of(lines, week, name)]
            assert not is_safe(without), (week, safe)


def test_a_week_without_a_cell_to_show_has_its_row_all_the_same(cells: dict[Any, Any]) -> None:
    assert {week for week, category in cells if category == ""} == set(WEEKS)
    assert any(cells[week, ""]["units"] is None for week in WEEKS)
