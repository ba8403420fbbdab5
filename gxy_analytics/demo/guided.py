"""`gxy demo`: a stack, a simulated world, every asset of every day, and a summary; each step visible.

The steps are called here in their order; what each does is in `stack`, `runner`, `loading`, `building`, `summary` and `logins`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from clickhouse_connect.driver.client import Client
from rich.console import Console

from gxy_analytics.demo.account import Account
from gxy_analytics.demo.building import build_everything
from gxy_analytics.demo.loading import LedgerLine, read_ledger, wait_for_loader, wait_until_idle
from gxy_analytics.demo.logins import open_logins
from gxy_analytics.demo.runner import run_simulation
from gxy_analytics.demo.summary import read_summary
from gxy_analytics.demo.summary_view import print_farewell, print_summary
from gxy_analytics.demo.world import Plan
from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings, require
from gxy_analytics.stack.stack import Stack
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.partitions import Window


class DemoNotGreenError(GxyError):
    """The demo ran to its end, and something does not add up."""


def run_demo(settings: Settings, plan: Plan, console: Console, *, stay: bool) -> None:
    """Run the whole demo over the data directory of `settings`; with `stay`, block until a signal.

    Raises DemoNotGreenError after the summary when a number does not reconcile, and what any of its steps raises.
    """
    started = time.monotonic()
    console.print(
        f"[bold]GXY Analytics[/]: {plan.tenants} shops, {plan.days} days to {plan.end}. State is in {settings.data_dir}."
    )
    say = _heading(console)
    say("Starting the stack")
    with Stack(
        settings, report=lambda name, what: console.print(f"  {name:<18} {what}", highlight=False, soft_wrap=True)
    ) as stack:
        say("Simulating: orders by SQL, events by HTTP")
        account = _simulate_and_load(stack.settings, plan, console)
        # Before the build: the server starts again for them, as it would for the asset that follows the tenants.
        logins = open_logins(stack.settings, [shop.slug for shop in plan.shops])
        say("Building every table for every day in Dagster")
        build_everything(stack.settings, Window(plan.dates[0], plan.end))
        with _warehouse(stack.settings) as client:
            summary = read_summary(client, plan, account)
        print_summary(console, summary, seconds=time.monotonic() - started)
        if not summary.is_green:
            raise DemoNotGreenError(f"The demo does not reconcile ({'; '.join(summary.complaints)}): see the tables above.")
        console.print(logins, highlight=False, soft_wrap=True)
        print_farewell(console, stack.settings, summary, stays=stay)
        if stay:
            stack.wait()


def _simulate_and_load(settings: Settings, plan: Plan, console: Console) -> Account:
    """Play the world and wait for the loader; the account says nothing of what the loader found to be known already."""
    tenants = [shop.slug for shop in plan.shops]
    wait_until_idle(settings)
    with _warehouse(settings) as client:
        before = sum(read_ledger(client, tenants).values(), LedgerLine())
        account = run_simulation(settings, plan, console)
        sent = account.total("sent")
        with console.status("") as status:
            wait_for_loader(
                client,
                tenants,
                before.accepted + sent,
                lambda loaded: status.update(f"Loading: {loaded - before.accepted:,} of {sent:,} events"),
            )
        line = sum(read_ledger(client, tenants).values(), LedgerLine()) - before
    console.print(
        f"  sent {sent:,} events in {account.seconds:.1f} s; the loader took {line.inserted:,} as new, "
        f"{line.deduplicated:,} as known already, {line.rejected:,} as dead letters.",
        soft_wrap=True,
    )
    return account


def _warehouse(settings: Settings) -> Client:
    return connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="demo")


def _heading(console: Console) -> Callable[[str], None]:
    steps = iter(range(1, 10))

    def say(what: str) -> None:
        console.print(f"\n[bold cyan]{next(steps)}[/] [bold]{what}[/]")

    return say
