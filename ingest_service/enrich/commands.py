"""`gxy ingest enrich`: work enrichment columns out again. Thin: the work is in `recompute`."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime, timedelta

import click

from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.single_writer import single_writer
from ingest_service.enrich.enrich import Enrichment
from ingest_service.enrich.geo import SETTING, GeoDatabaseError
from ingest_service.enrich.groups import GROUPS
from ingest_service.enrich.recompute import Changed, recompute

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=DAY, required=True, help="First day (UTC).")
@click.option("--to", "last", type=DAY, required=True, help="Last day (UTC), inclusive.")
@click.option("--tenant", default="", help="Only this tenant's events.")
@click.option(
    "--only", default="", help=f"Only these, with commas between: {', '.join(GROUPS)}. All by default; geo with a database."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def enrich(first: datetime, last: datetime, tenant: str, only: str, as_json: bool) -> None:
    """Work the enrichment of stored events out again, after a rule, a list or the geo database has changed."""
    if last < first:
        raise click.BadParameter("is before --from: give the days in order", param_hint="--to")
    settings = load_settings()
    names = chosen(only, has_geo=settings.geo_database is not None)
    rules = Enrichment(settings.geo_database)
    url = require(settings.clickhouse_url, "CLICKHOUSE_URL")
    days = first.date(), last.date()
    started = time.monotonic()
    with single_writer(settings.data_dir), connect(url, purpose="ingest-enrich") as client:
        tell = _quiet if as_json else _say
        found = recompute(client, rules, days, [GROUPS[name] for name in names], tenant, tell)
    total: Counter[str] = Counter()
    for one in found:
        total.update(one.columns)
    is_same = not any(total.values())
    again = f"gxy materialize --from {days[0] - timedelta(days=1)} --to {days[1] + timedelta(days=1)}"
    seconds = time.monotonic() - started
    if as_json:
        click.echo(json.dumps({"changed": total, "seconds": round(seconds, 1), "then": "" if is_same else again}))
        return
    click.echo(f"{len({one.day for one in found})} days with events, {seconds:.1f} s")
    for column, rows in sorted(total.items()):
        if rows:
            click.echo(f"{rows:>12,} rows: {column}")
    click.echo("Nothing differed, nothing was written." if is_same else f"Now build the days again, in every time zone: {again}")


def chosen(only: str, *, has_geo: bool) -> list[str]:
    """Names of the groups to work out. Raises BadParameter for an unknown one, GeoDatabaseError for geo without a database."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = set(names) - set(GROUPS)
    if unknown:
        raise click.BadParameter(f"knows no {', '.join(sorted(unknown))}: choose of {', '.join(GROUPS)}", param_hint="--only")
    if "geo" in names and not has_geo:
        raise GeoDatabaseError(
            f"{SETTING} is not set: without a database every place would become empty. Set it, or leave geo out."
        )
    return names or [name for name in GROUPS if name != "geo" or has_geo]


def _say(changed: Changed) -> None:
    differing = ", ".join(f"{column} {rows:,}" for column, rows in changed.columns.items() if rows)
    click.echo(f"{changed.day} {changed.group:>9}: {differing or 'nothing differs'}")


def _quiet(changed: Changed) -> None:
    """One JSON object is printed, at the end."""
