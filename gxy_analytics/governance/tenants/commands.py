"""`gxy tenant`: tenants and their write keys. Thin: the work is in `tenants`.

The policy's options are in `policy_command`; suspending, removing and exporting in `lifecycle`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from gxy_analytics.governance.durations import Duration
from gxy_analytics.governance.lifecycle.commands import LIFECYCLE
from gxy_analytics.governance.lifecycle.logins import opened_login
from gxy_analytics.governance.lifecycle.removals import readmit
from gxy_analytics.governance.tenants.policy_command import policy
from gxy_analytics.governance.tenants.tenants import (
    NewTenant,
    add_key,
    add_tenant,
    list_tenants,
    revoke_write_key,
    rotate_write_key,
)
from gxy_analytics.governance.tenants.write_keys import Kind
from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect

NO_LOGIN = "The login opens with the next `gxy access apply`."
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
secret = click.option("--secret", is_flag=True, help="A secret key, for servers: it may set ip, user_agent and past times.")


@click.group()
def tenant() -> None:
    """Tenants, their write keys and what the ingest service does with their events."""


tenant.add_command(policy)
for command in LIFECYCLE:
    tenant.add_command(command)


@tenant.command()
@click.argument("slug")
@click.option("--name", help="Shown to people; default: the slug.")
@click.option("--timezone", help="IANA name, such as Europe/Berlin; default UTC. It decides the tenant's days.")
@click.option("--currency", help="ISO 4217; default EUR.")
@click.option("--country", help="ISO 3166-1 alpha-2.")
@click.option("--plan", help="Default: standard.")
@click.option("--again", is_flag=True, help="Let a slug be used once more whose tenant was removed.")
@click.option("--no-login", is_flag=True, help="Leave the login to one `gxy access apply` after many tenants.")
@as_json
def add(
    slug: str,
    name: str | None,
    timezone: str | None,
    currency: str | None,
    country: str | None,
    plan: str | None,
    again: bool,
    no_login: bool,
    as_json: bool,
) -> None:
    """Add tenant SLUG (or adopt the backend's), print its public write key, once, and open its login for BI tools."""
    settings = load_settings()
    oltp_url = require(settings.oltp_url, "OLTP_URL")
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-add") as client:
        if again:
            readmit(client, slug)
        added = add_tenant(client, oltp_url, slug, name=name, timezone=timezone, currency=currency, country=country, plan=plan)
    if not as_json:
        # Before the login, which may have to wait: nobody can ask for the key again.
        _print_added(added)
    note = NO_LOGIN if no_login else opened_login(settings, slug)
    if as_json:
        click.echo(json.dumps({**asdict(added), "login_is_open": not note, "note": note}))
    elif note:
        click.echo(note, err=True)
    else:
        click.echo(f"Its BI tools can log in: `gxy access password {slug}` prints user and password.")


@tenant.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the tenants, with the beginning, the kind and the end of their active keys."""
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-list") as client:
        tenants = list_tenants(client)
    if as_json:
        click.echo(json.dumps(tenants))
        return
    columns = ("tenant_id", "name", "plan", "country", "currency", "timezone", "status")
    table = Table(*(column.replace("_", " ") for column in columns))
    table.columns[0].no_wrap = True
    # A key is named by what is shown of it: it must not be cut.
    table.add_column("keys", no_wrap=True)
    for row in tenants:
        table.add_row(*(str(row[column]) for column in columns), "\n".join(map(_shown, row["keys"])))
    Console().print(table)


@tenant.command("add-key")
@click.argument("slug")
@secret
@as_json
def add_key_(slug: str, secret: bool, as_json: bool) -> None:
    """Give tenant SLUG one more write key; the others stay."""
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-add-key") as client:
        key = add_key(client, slug, kind=_kind(secret))
    if as_json:
        click.echo(json.dumps({"tenant_id": slug, "slug": slug, "write_key": key, "kind": _kind(secret)}))
        return
    click.echo(f"{_kind(secret)} write key: {key}")
    click.echo("Keep it: it is shown this once." + (" A browser must never see it." if secret else ""))


@tenant.command("rotate-key")
@click.argument("slug")
@click.option(
    "--overlap", type=Duration(), default="24h", show_default=True, help="How long older keys still work; 0: not at all."
)
@secret
@as_json
def rotate_key(slug: str, overlap: timedelta, secret: bool, as_json: bool) -> None:
    """Give tenant SLUG a new write key; its older keys of the same kind end after the overlap."""
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-rotate-key") as client:
        key = rotate_write_key(client, slug, overlap=overlap, kind=_kind(secret))
    hours = overlap.total_seconds() / 3600
    if as_json:
        made = {"tenant_id": slug, "slug": slug, "write_key": key, "kind": _kind(secret), "overlap_hours": hours}
        click.echo(json.dumps(made))
        return
    click.echo(f"{_kind(secret)} write key: {key}")
    click.echo(f"Keep it: it is shown this once. Older {_kind(secret)} keys of {slug} end in {hours:g} h.")


@tenant.command("revoke-key")
@click.argument("slug")
@click.argument("prefix")
def revoke_key(slug: str, prefix: str) -> None:
    """End the key of tenant SLUG that `gxy tenant list` shows as PREFIX, within 5 seconds."""
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-revoke-key") as client:
        revoke_write_key(client, slug, prefix)
    click.echo(f"revoked key {prefix} of {slug}")


def _print_added(added: NewTenant) -> None:
    click.echo(f"{'adopted' if added.adopted else 'added'} tenant {added.slug} ({added.timezone}, {added.currency})")
    click.echo(f"write key: {added.write_key}")
    click.echo(f"Keep it: it is shown this once. For servers there are secret keys: `gxy tenant add-key {added.slug} --secret`.")


def _kind(is_secret: bool) -> Kind:
    return "secret" if is_secret else "public"


def _shown(key: dict[str, Any]) -> str:
    return f"{key['prefix']} {key['kind']}" + (f" until {key['until']}" if key["until"] else "")
