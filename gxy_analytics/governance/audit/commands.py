"""`gxy audit`: reading, sealing and checking the audit. Thin: the work is in `daily`, `listing` and `verification`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.audit.anchor import read_anchor
from gxy_analytics.governance.audit.chain import Head
from gxy_analytics.governance.audit.daily import bring_up_to_date, look_through
from gxy_analytics.governance.audit.listing import BEGINNING, list_acts
from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.warehouse.client import connect

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


class HeadType(click.ParamType):
    """A head as `gxy audit head` prints it: the row's number, a colon, its hash."""

    name = "head"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        matched = re.fullmatch(r"(\d{1,19}):([0-9a-f]{64})", value)
        if not matched:
            self.fail(f"'{value}' is no head: give the line that `gxy audit head` printed.", param, ctx)
        return Head(int(matched[1]), matched[2])


@click.group()
def audit() -> None:
    """Who did and read what: list it, check that nothing of it was changed."""


@audit.command("list")
@click.option("--tenant", default="", help="About this tenant.")
@click.option("--actor", default="", help="By this account or user of the warehouse.")
@click.option("--action", default="", help="This action, or all that begin with it: vault.read, vault.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="UTC; default: from the beginning.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Newest acts at most.")
@as_json
def list_(tenant: str, actor: str, action: str, since: datetime | None, limit: int, as_json: bool) -> None:
    """List acts, newest first."""
    start = since.replace(tzinfo=UTC) if since else BEGINNING
    with _opened() as (client, _):
        acts = list_acts(client, tenant=tenant, actor=actor, action=action, since=start, limit=limit)
    if as_json:
        click.echo(json.dumps(acts))
        return
    for act in acts:
        click.echo(_line(act))


@audit.command()
@as_json
def seal(as_json: bool) -> None:
    """Harvest the log of queries and seal everything that waits, as the graph does every day."""
    with _opened() as (client, settings):
        day = bring_up_to_date(client, settings, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps({"sealed": day.sealed, "retired": day.retired, "head": day.head._asdict()}))
        return
    until = day.harvest.harvested_until
    click.echo(f"harvested up to {until:%Y-%m-%d %H:%M} UTC" if until else "no complete hour to harvest")
    click.echo(f"sealed {day.sealed} rows, gave up {day.retired} old ones; the head is {day.head.sequence}:{day.head.hash}")


@audit.command()
@click.option("--head", "noted", type=HeadType(), help="A head that was noted before: its row must still be there.")
@as_json
def verify(noted: Head | None, as_json: bool) -> None:
    """Look through the whole chain; exit code 1 names every row that is altered, missing, moved or added."""
    with _opened() as (client, settings):
        verdict = look_through(client, settings, noted)
        is_anchored = read_anchor(settings.data_dir) is not None or noted is not None
    if as_json:
        click.echo(
            json.dumps(
                {**asdict(verdict), "head": verdict.head._asdict(), "is_whole": verdict.is_whole, "is_anchored": is_anchored}
            )
        )
    else:
        for problem in verdict.problems:
            click.echo(problem)
        more = f"{verdict.problem_count} problem(s)" if verdict.problem_count else "nothing was changed"
        click.echo(f"{verdict.rows} rows looked through: {more}; the head is {verdict.head.sequence}:{verdict.head.hash}")
        if not is_anchored:
            click.echo("No anchor on this host: rows cut off at the end would not be noticed. Give one with --head.", err=True)
    sys.exit(0 if verdict.is_whole else 1)


@audit.command()
@as_json
def head(as_json: bool) -> None:
    """Print the anchored head, to be noted where nobody who can write to the database can write."""
    anchor = read_anchor(load_settings().data_dir)
    if as_json:
        click.echo(json.dumps(anchor._asdict() if anchor else None))
    else:
        click.echo(f"{anchor.sequence}:{anchor.hash}" if anchor else "nothing was sealed from here yet")


def _line(act: dict[str, Any]) -> str:
    """An act as one line of text."""
    whom = [f"{name} {act[name]}" for name in ("tenant_id", "subject") if act[name]]
    details = ", ".join(f"{name} {value}" for name, value in act["details"].items())
    what = "; ".join([f"{act['rows']} rows", *whom, *(text for text in (act["reason"], details) if text)])
    row = act["sequence"] or "unsealed"
    return f"{row:>8} {act['occurred']} {act['action']} by {act['actor']} with {act['program']}: {what}"


@contextmanager
def _opened() -> Iterator[tuple[Client, Settings]]:
    settings = load_settings()
    with connect(settings.clickhouse_as("auditor"), purpose="audit") as client:
        yield client, settings
