"""`gxy materialize`: build tables for a range of days and show what happens. The work is in `materialize`."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict
from datetime import date, datetime

import click
from rich.console import Console

from gxy_analytics.settings import load_settings
from gxy_analytics.warehouse.partitions import Window


@click.command()
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First local day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Last local day, inclusive.")
@click.option(
    "--select", help="Assets in Dagster's selection syntax, such as `marts/sales_daily` or `+group:marts`; all by default."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and progress on stderr.")
def materialize(first: datetime, last: datetime, select: str | None, as_json: bool) -> None:
    """Extract, build and check every day from --from to --to in one run.

    Exit code 1 when a step failed, or a check that is more than a warning.
    """
    import dagster as dg

    # Dagster warns at every import of interfaces that it calls beta and that we pin by release.
    for category in (dg.BetaWarning, dg.PreviewWarning):
        warnings.simplefilter("ignore", category)
    from assets.materialize import materialize_window
    from assets.progress import print_progress, print_summary

    window = _window(first.date(), last.date())
    console = Console(file=sys.stderr if as_json else sys.stdout, highlight=False)
    console.print(f"Building {window} …")
    report = materialize_window(load_settings(), window, select, lambda happened: print_progress(console, happened))
    print_summary(console, report)
    if as_json:
        sys.stdout.write(json.dumps({**asdict(report), "ok": report.ok}, default=str) + "\n")
    sys.exit(0 if report.ok else 1)


def _window(first: date, last: date) -> Window:
    if last < first:
        raise click.BadParameter("is before --from: give the days in order", param_hint="--to")
    return Window(first, last)
