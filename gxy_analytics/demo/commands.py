"""`gxy simulate` and `gxy demo`: options and output. Thin: the work is in `runner` and `guided`."""

from __future__ import annotations

import json
from datetime import datetime

import click
from rich.console import Console

from gxy_analytics.demo.options import make_plan, world_options
from gxy_analytics.demo.runner import run_simulation
from gxy_analytics.demo.tables import account_table
from gxy_analytics.settings import load_settings


@click.command()
@world_options
@click.option("--json", "as_json", is_flag=True, help="Print the account as one JSON object instead of a table.")
def simulate(tenants: int, days: int, end: datetime | None, seed: int, events_per_day: int, as_json: bool) -> None:
    """Play seeded shops against the running stack: orders by SQL, events by HTTP.

    The same options make the same world: running it again sends the same event ids, which are de-duplicated.
    """
    console = Console(stderr=as_json)
    account = run_simulation(load_settings(), make_plan(tenants, days, end, seed, events_per_day), console)
    if as_json:
        click.echo(json.dumps(account.as_json()))
    else:
        console.print(account_table(account))
