"""`python -m benchmarks.daily`: how long a day takes, how it grows, what history and a backfill cost. Prints PASS or FAIL a bar.

Bars: 10 million events in 120 s and 6 GiB; growth exponent 1.1; 60 days of history at most 1.15 times one day's; a backfill of
30 days at most 1.5 times the ClickHouse time inside it. Days are made inside the server; how they are built is `daily_world`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.daily_world import Build, World, benchmark_world

DAY = date(2026, 3, 10)
MILLION = 1_000_000
MAX_SECONDS, MAX_BYTES, MAX_EXPONENT, MAX_HISTORY, MAX_OVERHEAD = 120.0, 6 * 2**30, 1.1, 1.15, 1.5
FULL_SIZE = 10
NO_BACKEND = "GXY_OLTP_URL is not set"
"""What the reconciliation says here, where days are made in the warehouse and there is no backend to compare with."""
REPEATS = 3
"""A day is built so often, and the fastest counts, where two times are compared."""


@dataclass(frozen=True)
class Bar:
    """One promise: what was measured, and the most it may be."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.value <= self.limit


def main() -> None:
    """Run the parts asked for, print their tables, and exit 1 when a bar does not hold."""
    options = parse_arguments(sys.argv[1:])
    console = Console()
    with benchmark_world(options.tenants) as world:
        bars = measure_sizes(world, options.sizes, console) if options.sizes else []
        if options.history:
            bars += measure_history(world, options.history, int(options.events * MILLION), console)
        if options.backfill:
            bars += measure_backfill(world, options.backfill, int(options.events * MILLION), options.history, console)
    verdict = Table("bar", "measured", "limit", "", title="Bars")
    for bar in bars:
        verdict.add_row(bar.name, f"{bar.value:.2f} {bar.unit}", f"{bar.limit:.2f} {bar.unit}", "PASS" if bar.holds else "FAIL")
    console.print(verdict)
    sys.exit(0 if all(bar.holds for bar in bars) else 1)


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Sizes are in millions of events; 0 days of history or backfill leave that part out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.daily", description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="*", default=[1, 3, FULL_SIZE], help="events of the day, in millions")
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--events", type=float, default=1, help="events of a day of history or backfill, in millions")
    parser.add_argument("--history", type=int, default=60, help="days behind the day that is built again")
    parser.add_argument("--backfill", type=int, default=30, help="days of one backfill")
    return parser.parse_args(arguments)


def measure_sizes(world: World, sizes: list[float], console: Console) -> list[Bar]:
    """Build the same day with more and more events."""
    title = f"One day, {world.tenants} tenants, best of {REPEATS}"
    table = Table("events", "elapsed", "ClickHouse", "its CPU", "peak memory", "events/s", title=title)
    builds: dict[float, Build] = {}
    for size in sizes:
        world.forget()
        world.make_day(DAY, int(size * MILLION))
        builds[size] = build = fastest(world, DAY - timedelta(days=1))
        table.add_row(
            f"{size:g} M",
            f"{build.elapsed:.1f} s",
            f"{build.clickhouse:.1f} s",
            f"{build.cpu:.1f} s",
            f"{build.peak_memory / 2**30:.2f} GiB",
            f"{size * MILLION / build.elapsed:,.0f}",
        )
    console.print(table)
    bars = []
    if FULL_SIZE in builds:
        bars += [
            Bar("10 M events, elapsed", builds[FULL_SIZE].elapsed, MAX_SECONDS, "s"),
            Bar("10 M events, peak memory", builds[FULL_SIZE].peak_memory / 2**30, MAX_BYTES / 2**30, "GiB"),
        ]
    if len(builds) > 1:
        times = {size: build.clickhouse for size, build in builds.items()}
        bars.append(Bar("growth exponent of ClickHouse time", growth_exponent(times), MAX_EXPONENT, ""))
    return bars


def growth_exponent(times: dict[float, float]) -> float:
    """Slope of log(time) over log(size), by least squares: 1 is linear. Startup is left out by passing ClickHouse times."""
    points = [(math.log(size), math.log(seconds)) for size, seconds in times.items()]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def measure_history(world: World, days: int, events: int, console: Console) -> list[Bar]:
    """Build a day with one day behind it, then the same day with `days` behind it."""
    world.forget()
    for day in (DAY - timedelta(days=1), DAY):
        world.make_day(day, events)
    world.build(DAY - timedelta(days=1), DAY)
    young = fastest(world)
    for back in range(2, days + 1):
        world.make_day(DAY - timedelta(days=back), events)
    world.build(DAY - timedelta(days=days), DAY - timedelta(days=2))
    old = fastest(world)
    table = Table("days behind", "elapsed", "ClickHouse", title=f"The same day of {events:,} events, best of {REPEATS}")
    for behind, build in ((1, young), (days, old)):
        table.add_row(str(behind), f"{build.elapsed:.1f} s", f"{build.clickhouse:.1f} s")
    console.print(table)
    return [Bar(f"{days} days of history over 1, elapsed", old.elapsed / young.elapsed, MAX_HISTORY, "x")]


def fastest(world: World, first: date = DAY) -> Build:
    """The fastest of some builds of the days from `first` to the day."""
    return min((world.build(first, DAY) for _ in range(REPEATS)), key=lambda build: build.elapsed)


def measure_backfill(world: World, days: int, events: int, present: int, console: Console) -> list[Bar]:
    """Build `days` days by one `gxy materialize`, as one Dagster run; `present` days are already in raw."""
    for back in range(present + 1 if present else 0, days):
        world.make_day(DAY - timedelta(days=back), events)
    first = DAY - timedelta(days=days - 1)
    since = time.time()
    command = ["materialize", "--from", str(first), "--to", str(DAY), "--select", "kind:dbt"]
    environment = {**os.environ, "GXY_CLICKHOUSE_URL": world.server.url, "GXY_DATA_DIR": str(world.directory / "gxy")}
    done = subprocess.run(
        [Path(sys.executable).with_name("gxy"), *command, "--json"], env=environment, stdout=subprocess.PIPE, check=False
    )
    build = world.measured(since)
    unexpected = [failure for failure in json.loads(done.stdout)["failures"] if NO_BACKEND not in json.dumps(failure)]
    if unexpected:
        sys.exit(f"The backfill failed: {unexpected}")
    console.print(f"Backfill of {days} days of {events:,} events: {build.elapsed:.1f} s, ClickHouse {build.clickhouse:.1f} s")
    return [Bar(f"{days} days by one run, over its ClickHouse time", build.elapsed / build.clickhouse, MAX_OVERHEAD, "x")]


if __name__ == "__main__":
    main()
