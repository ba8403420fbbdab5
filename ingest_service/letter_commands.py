"""`gxy ingest rejected` and `gxy ingest replay`: reading dead letters and giving them a second chance.

Thin: the work is in `loader.replay`. The group itself belongs to `commands`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import reduce
from textwrap import wrap
from typing import Any

import click

from gxy_analytics.governance.vault.letters import LetterSeal
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect
from ingest_service.loader.replay import UNLIMITED, Selection, list_letters, show_letters
from ingest_service.loader.replay import replay as replay_letters

SHOWN_BYTES = 200  # of a letter's raw, in a list
INDENT = "    "
OPTIONS = (
    click.option("--tenant", default="", help="Only this tenant's."),
    click.option("--reason", default="", help="Only this reason's, such as id_collision."),
    click.option("--protocol", default="", help="Only this protocol's: native, segment, snowplow."),
    click.option("--since", type=click.DateTime(), help="Only those received since this instant (UTC)."),
    click.option("--until", type=click.DateTime(), help="Only those received before this instant (UTC)."),
    click.option("--search", default="", help="Only the event of this id."),
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
Command = Callable[..., None]


def selecting(command: Command) -> Command:
    """Give a command the options that select dead letters, the same for both."""
    return reduce(lambda decorated, option: option(decorated), reversed(OPTIONS), command)


@click.command()
@selecting
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--show", is_flag=True, help="Open them: the beginning of what was sent, and the detail. The audit keeps it.")
@click.option("--whole", is_flag=True, help="Open them and show the whole of what was sent.")
@click.option("--why", default="to mend what was refused", show_default=True, help="Why they are opened, for the audit.")
@as_json
def rejected(limit: int, show: bool, whole: bool, why: str, as_json: bool, **selected: Any) -> None:
    """List dead letters, latest first. What they say is sealed: --show opens them."""
    settings, selection = load_settings(), selection_of(**selected)
    seal = LetterSeal(load_key_ring(settings)) if show or whole else None
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="ingest-rejected") as client:
        if seal:
            shown = UNLIMITED if whole else SHOWN_BYTES
            letters = show_letters(client, seal, selection, limit=limit, shown=shown, why=why)
        else:
            letters = list_letters(client, selection, limit=limit)
    if as_json:
        click.echo(json.dumps([{key: _plain(value) for key, value in letter.items()} for letter in letters]))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for letter in letters:
        click.echo("\n".join(lines_of({key: _plain(value) for key, value in letter.items()}, width)))


@click.command()
@selecting
@click.option("--limit", default=UNLIMITED, type=click.IntRange(1, UNLIMITED), help="At most so many, the oldest first.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@as_json
def replay(limit: int, dry_run: bool, as_json: bool, **selected: Any) -> None:
    """Put dead letters back into the spool, each once. One that fails again is listed again."""
    settings = load_settings()
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="ingest-replay") as client:
        counts = replay_letters(client, settings, selection_of(**selected), limit=limit, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "replayed": sum(counts.values()), "by_reason": counts}))
        return
    for name, count in sorted(counts.items()):
        click.echo(f"{count:>10,} {name}")
    click.echo(f"{sum(counts.values()):,} dead letters {'would be' if dry_run else 'were'} put back into the spool")


def selection_of(since: datetime | None, until: datetime | None, **texts: str) -> Selection:
    """The options as a selection; instants without a zone are UTC."""
    return Selection(
        since=since.replace(tzinfo=UTC) if since else None, until=until.replace(tzinfo=UTC) if until else None, **texts
    )


def lines_of(letter: dict[str, Any], width: int | None) -> list[str]:
    """A letter as a head line and indented lines below it, wrapped to `width` columns (None: one line a part, for pipes).

    What a client sent is shown without its control characters: they would be the terminal's orders.
    """
    replayed = f"  replayed {letter['replayed_at'][:19]}" if letter["replayed_at"] else ""
    head = f"{letter['received_at'][:19]}  {letter['tenant_id']}  {letter['protocol']}  {letter['reason']}{replayed}"
    where = " ".join(part for part in (letter["client_event_id"], letter["pointer"]) if part)
    size = f"{letter['raw_bytes']:,} bytes"
    raw = f"{letter['raw']} … ({size})" if letter.get("is_cut") else letter.get("raw", f"{size}: --show opens it")
    parts = [printable for part in (where, letter.get("detail", ""), raw) if (printable := _printable(part))]
    if width is None:
        return [_printable(head), *(INDENT + part for part in parts)]
    return [_printable(head)] + [
        line for part in parts for line in wrap(part, width, initial_indent=INDENT, subsequent_indent=INDENT)
    ]


def _printable(text: str) -> str:
    """One line of characters that only show."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
