"""`gxy tenant`: add, list, rotate-key. Thin: the work is in `tenants`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta

import click
from rich.console import Console
from rich.table import Table

from gxy_analytics.governance.tenants import add_tenant, list_tenants, rotate_write_key
from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


@click.group()
def tenant() -> None:
    """Tenants and their write keys."""


@tenant.command()
@click.argument("slug")
@click.option("--name", help="Shown to people; default: the slug.")
@click.option("--timezone", help="IANA name, such as Europe/Berlin; default UTC. It decides the tenant's days.")
@click.option("--currency", help="ISO 4217; default EUR.")
@click.option("--country", help="ISO 3166-1 alpha-2.")
@click.option("--plan", help="Default: standard.")
@as_json
def add(
    slug: str, name: str | None, timezone: str | None, currency: str | None, country: str | None, plan: str | None, as_json: bool
) -> None:
    """Add tenant SLUG (or adopt the backend's) and print its write key, once."""
    settings = load_settings()
    oltp_url = require(settings.oltp_url, "OLTP_URL")
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-add") as client:
        added = add_tenant(client, oltp_url, slug, name=name, timezone=timezone, currency=currency, country=country, plan=plan)
    if as_json:
        click.echo(json.dumps(asdict(added)))
        return
    click.echo(f"{'adopted' if added.adopted else 'added'} tenant {added.slug} ({added.timezone}, {added.currency})")
    click.echo(f"write key: {added.write_key}")
    click.echo("Keep it: it is shown this once.")


@tenant.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the tenants, with the first characters of their active keys."""
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-list") as client:
        tenants = list_tenants(client)
    if as_json:
        click.echo(json.dumps(tenants))
        return
    columns = ("tenant_id", "name", "plan", "country", "currency", "timezone", "status", "key_prefixes")
    table = Table(*(column.replace("_", " ") for column in columns))
    for row in tenants:
        table.add_row(*(", ".join(row[c]) if c == "key_prefixes" else str(row[c]) for c in columns))
    Console().print(table)


@tenant.command("rotate-key")
@click.argument("slug")
@click.option("--overlap-hours", type=click.FloatRange(0), default=24, show_default=True, help="How long older keys still work.")
@as_json
def rotate_key(slug: str, overlap_hours: float, as_json: bool) -> None:
    """Give tenant SLUG a new write key; its older keys end after the overlap."""
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-rotate-key") as client:
        key = rotate_write_key(client, slug, overlap=timedelta(hours=overlap_hours))
    if as_json:
        click.echo(json.dumps({"tenant_id": slug, "slug": slug, "write_key": key, "overlap_hours": overlap_hours}))
        return
    click.echo(f"write key: {key}")
    click.echo(f"Keep it: it is shown this once. Older keys of {slug} end in {overlap_hours:g} h.")
