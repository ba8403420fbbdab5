"""`gxy ingest`: how the write path is doing, and its dead letters. Thin: the work is in `loader.status` and `loader.replay`."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect
from ingest_service.loader.replay import Selection, list_letters
from ingest_service.loader.replay import replay as replay_letters
from ingest_service.loader.status import LoaderStatus, read_status

STALE_SECONDS = 10.0
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
tenant_option = click.option("--tenant", default="", help="Only this tenant's.")
reason_option = click.option("--reason", default="", help="Only this reason's, such as id_collision.")
since_option = click.option("--since", type=click.DateTime(), help="Only those received since this instant (UTC).")


class NoLoaderError(GxyError):
    """No loader ever ran on this data directory."""


@click.group()
def ingest() -> None:
    """The write path: status, dead letters, replay."""


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


@ingest.command()
@tenant_option
@reason_option
@since_option
@click.option("--search", default="", help="A piece of the raw text, or an event id.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@as_json
def rejected(tenant: str, reason: str, since: datetime | None, search: str, limit: int, as_json: bool) -> None:
    """List dead letters, latest first."""
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="ingest-rejected") as client:
        letters = list_letters(client, _selection(tenant, reason, since), search=search, limit=limit)
    if as_json:
        click.echo(json.dumps([{key: _plain(value) for key, value in letter.items()} for letter in letters]))
        return
    columns = ("received_at", "tenant_id", "reason", "pointer", "client_event_id", "detail", "replayed_at")
    table = Table(*columns)
    for letter in letters:
        table.add_row(*(str(_plain(letter[column]) or "") for column in columns))
    Console().print(table)


@ingest.command()
@tenant_option
@reason_option
@since_option
@click.option("--dry-run", is_flag=True, help="Only count.")
@as_json
def replay(tenant: str, reason: str, since: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Put dead letters back into the spool, each once. One that fails again is listed again."""
    settings = load_settings()
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="ingest-replay") as client:
        counts = replay_letters(client, settings, _selection(tenant, reason, since), dry_run=dry_run)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "replayed": sum(counts.values()), "by_reason": counts}))
        return
    for name, count in sorted(counts.items()):
        click.echo(f"{count:>10,} {name}")
    click.echo(f"{sum(counts.values()):,} dead letters {'would be' if dry_run else 'were'} put back into the spool")


def _selection(tenant: str, reason: str, since: datetime | None) -> Selection:
    return Selection(tenant, reason, since.replace(tzinfo=UTC) if since else None)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
