"""`gxy simulate` and `gxy demo`: options and output. Thin: the work is in `runner` and `guided`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from gxy_analytics.demo.guided import run_demo
from gxy_analytics.demo.options import make_plan, world_options
from gxy_analytics.demo.runner import run_simulation
from gxy_analytics.demo.tables import account_table
from gxy_analytics.settings import load_settings
from gxy_analytics.stack.stack import stack_settings
from gxy_analytics.stack.terminal import outlive_terminal


@click.command()
@world_options
@click.option("--json", "as_json", is_flag=True, help="Print the account as one JSON object instead of a table.")
def simulate(as_json: bool, **world: Any) -> None:
    """Play seeded shops against the running stack: orders by SQL, events by HTTP.

    The same options make the same world: running it again sends the same event ids, which are de-duplicated.
    """
    console = wide_console(stderr=as_json)
    account = run_simulation(load_settings(), make_plan(**world), console)
    if as_json:
        click.echo(json.dumps(account.as_json()))
    else:
        console.print(account_table(account))


@click.command()
@world_options
@click.option("--exit", "leave", is_flag=True, help="Stop the stack after the summary; without it, stay until Ctrl-C.")
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="State of the stack [GXY_DATA_DIR, default .gxy]."
)
@click.option("--port-base", type=click.IntRange(1, 65532), help="ClickHouse N and N+1, ingest N+2, Dagster N+3.")
def demo(leave: bool, data_dir: Path | None, port_base: int | None, **world: Any) -> None:
    """Start a stack, play shops, build every table for every day, and show that the numbers reconcile.

    Over the same data directory a second demo adds only the days that are new: what it sends again is de-duplicated.
    """
    plan = make_plan(**world)
    outlive_terminal()
    console = wide_console()
    settings = stack_settings(data_dir=data_dir, port_base=port_base)
    try:
        run_demo(settings, plan, console, stay=not leave)
    except KeyboardInterrupt:
        console.print("stopped: nothing that was accepted is lost")
        if leave:
            raise click.exceptions.Exit(130) from None


def wide_console(*, stderr: bool = False) -> Console:
    """A console of the terminal's width; in a pipe or a log, wide enough for the tables."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=120)
