"""Options that `gxy simulate` and `gxy demo` share, and the Plan they make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import click

from gxy_analytics.demo.protocols import MIXED, PROTOCOLS
from gxy_analytics.demo.world import Plan
from gxy_analytics.warehouse.partitions import last_closed_day

Command = Callable[..., Any]


def world_options(command: Command) -> Command:
    """Add --tenants, --days, --end, --seed, --events-per-day, --protocol and --lose to a command."""
    options = (
        click.option("--tenants", type=click.IntRange(1, 500), default=5, show_default=True, help="How many shops."),
        click.option(
            "--days", type=click.IntRange(1, 730), default=14, show_default=True, help="How many local days, up to --end."
        ),
        click.option(
            "--end",
            type=click.DateTime(["%Y-%m-%d"]),
            help="Last simulated day. Default: the last that every time zone has ended.",
        ),
        click.option("--seed", type=int, default=7, show_default=True, help="The same seed makes the same world."),
        click.option(
            "--events-per-day",
            type=click.IntRange(50),
            default=2860,
            show_default=True,
            help="Mean events a day of an average shop.",
        ),
        click.option(
            "--protocol",
            type=click.Choice([*sorted(PROTOCOLS), MIXED]),
            default="native",
            show_default=True,
            help="What the shops' trackers speak; mixed: each session one of them.",
        ),
        click.option(
            "--lose",
            type=click.FloatRange(0, 0.5),
            default=0.0,
            show_default=True,
            help="Share of events that never arrive, to be found by their gaps.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def make_plan(tenants: int, days: int, end: datetime | None, seed: int, events_per_day: int, protocol: str, lose: float) -> Plan:
    """The Plan for the options; raises a usage error for a day that has not ended everywhere."""
    last: date = last_closed_day(datetime.now(UTC))
    wanted = end.date() if end else last
    if wanted > last:
        raise click.BadParameter(f"{wanted} has not ended in every time zone: use {last} or earlier.", param_hint="--end")
    return Plan(seed, tenants, days, wanted, events_per_day, protocol, lose)
