"""`gxy ingest`: how the write path is doing, and what to do with its events. Thin: the work is in `picture` and `loader`."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.live import Live

from gxy_analytics.settings import load_settings
from ingest_service.enrich.commands import enrich
from ingest_service.letter_commands import rejected, replay
from ingest_service.picture import Picture, take_picture
from ingest_service.status_view import page

WATCH_SECONDS = 1.0


@click.group()
def ingest() -> None:
    """The write path: status, dead letters, replay, enrichment."""


@ingest.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--watch", is_flag=True, help="Show it again every second, until Ctrl-C.")
def status(as_json: bool, watch: bool) -> None:
    """Workers, spool, loader and ledger of this host, and what needs attention."""
    settings = load_settings()
    if as_json:
        click.echo(json.dumps(as_data(take_picture(settings))))
        return
    console = Console(highlight=False)
    if not watch:
        console.print(page(take_picture(settings)))
        return
    with suppress(KeyboardInterrupt), Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            live.update(page(take_picture(settings)), refresh=True)
            time.sleep(WATCH_SECONDS)


def as_data(picture: Picture) -> dict[str, Any]:
    """The picture for scripts: the loader's own fields on top, the rest beside them."""
    whole = msgspec.to_builtins(picture)
    loader = whole.pop("loader") or {}
    if picture.loader:
        loader |= {"lag_bytes": picture.loader.lag_bytes, "lag_seconds": picture.loader.lag_seconds}
    return {**loader, **whole, "problems": [str(problem) for problem in picture.problems]}


ingest.add_command(enrich)
ingest.add_command(rejected)
ingest.add_command(replay)
