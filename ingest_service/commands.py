"""`gxy ingest`: how the write path is doing, and its dead letters. Thin: the work is in `loader.status` and `loader.replay`."""

from __future__ import annotations

import json
import time

import click
import msgspec
from rich.console import Console
from rich.table import Table

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import load_settings
from ingest_service.enrich.commands import enrich
from ingest_service.letter_commands import rejected, replay
from ingest_service.loader.status import LoaderStatus, read_status

STALE_SECONDS = 10.0
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


class NoLoaderError(GxyError):
    """No loader ever ran on this data directory."""


@click.group()
def ingest() -> None:
    """The write path: status, dead letters, replay, enrichment."""


@ingest.command()
@as_json
def status(as_json: bool) -> None:
    """How far the loader is, what became of the events, and what needs attention."""
    found = read_status(load_settings().loader_dir)
    if found is None:
        raise NoLoaderError("No loader ever ran on this data directory: start the stack with `gxy up`, or set GXY_DATA_DIR.")
    problems = problems_of(found)
    if as_json:
        extra = {"lag_bytes": found.lag_bytes, "lag_seconds": found.lag_seconds, "problems": problems}
        click.echo(json.dumps(msgspec.to_builtins(found) | extra))
        return
    console = Console()
    console.print(f"loader {found.pid}, batch {found.last_batch or 'none yet'}")
    console.print(_slots(found))
    for outcome in ("accepted", "inserted", "deduplicated", "rejected", "dropped"):
        console.print(f"{outcome:>14} {found.totals.get(outcome, 0):>14,}")
    for problem in problems:
        console.print(f"[red]{problem}[/red]", highlight=False)


def problems_of(found: LoaderStatus) -> list[str]:
    """What a person should look at, a line each."""
    problems = []
    if time.time() - found.updated_at > STALE_SECONDS:
        problems.append(f"the loader has not reported for {time.time() - found.updated_at:.0f} s: it hangs or does not run")
    if found.clickhouse_error:
        problems.append(f"ClickHouse does not take inserts: {found.clickhouse_error}")
    if found.totals.get("unbalanced"):
        problems.append(f"{found.totals['unbalanced']} ledger rows do not balance")
    problems += [f"damaged segment set aside: {path}" for path in found.quarantined]
    return problems + found.alarms


def _slots(found: LoaderStatus) -> Table:
    table = Table("slot", "segment", "offset", "lag bytes", "lag seconds")
    for name, slot in sorted(found.slots.items()):
        table.add_row(name, str(slot.segment), f"{slot.offset:,}", f"{slot.lag_bytes:,}", f"{slot.lag_seconds:.1f}")
    return table


ingest.add_command(enrich)
ingest.add_command(rejected)
ingest.add_command(replay)
