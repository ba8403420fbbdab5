"""`gxy access`: what the warehouse's users may do, as the specification says it. Thin: the work is in `access`."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict

import click

from gxy_analytics.governance.access.access import Access, Login, open_access
from gxy_analytics.governance.access.plan import Plan
from gxy_analytics.governance.access.server_sql import ADVICE, render_script
from gxy_analytics.settings import CLICKHOUSE_ROLES, load_settings

NOTHING = "nothing to do: the server is as the specification says"

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


@click.group()
def access() -> None:
    """Users, roles, row policies and quotas of the warehouse."""


@access.command()
@as_json
def plan(as_json: bool) -> None:
    """Show what the server lacks, and which users are left alone. Changes nothing."""
    with open_access(load_settings()) as opened:
        found = opened.plan()
    print_plan(found, as_json)
    if not as_json and found.restarts:
        click.echo("the embedded ClickHouse must start again to know it: `gxy access apply` does that")


@access.command()
@as_json
def apply(as_json: bool) -> None:
    """Make the server follow the specification. The embedded server restarts, which takes about a second."""
    with open_access(load_settings()) as opened:
        done = opened.apply()
    print_plan(done, as_json)
    if not as_json and not done.is_empty:
        click.echo("applied" + (": ClickHouse was started again" if done.restarts else ""))


@access.command()
@click.argument("slug")
@as_json
def password(slug: str, as_json: bool) -> None:
    """Print the login of tenant SLUG for its BI tools."""
    with open_access(load_settings()) as opened:
        print_login(opened.login(slug), as_json)
        hint(opened, slug)


@access.command()
@click.argument("slug")
@as_json
def rotate(slug: str, as_json: bool) -> None:
    """Give tenant SLUG another password and print the login. It counts after `gxy access apply`."""
    with open_access(load_settings()) as opened:
        print_login(opened.rotate(slug), as_json)
        hint(opened, slug)


@access.command()
@as_json
def urls(as_json: bool) -> None:
    """Print the URL of each role of the platform's programs, as settings for their environment: passwords are in it."""
    with open_access(load_settings()) as opened:
        found = {f"GXY_{role.upper()}_CLICKHOUSE_URL": opened.role_url(role) for role in CLICKHOUSE_ROLES}
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, url in found.items():
        click.echo(f"{name}={shlex.quote(url)}")


@access.command()
def sql() -> None:
    """Print the whole specification as SQL for a full server, and the configuration it should have. Changes nothing.

    Hashes of passwords are in it: whoever has them cannot log in with them.
    """
    with open_access(load_settings()) as opened:
        click.echo(render_script(opened.specification, opened.accounts(), opened.operator))
    click.echo("\n".join(f"-- {line}" for line in ADVICE.splitlines()))


def print_plan(found: Plan, as_json: bool) -> None:
    """A plan for people, or as JSON."""
    if as_json:
        click.echo(json.dumps({**asdict(found), "is_empty": found.is_empty}))
        return
    for line in found.lines():
        click.echo(line)
    if found.is_empty:
        click.echo(NOTHING)


def print_login(login: Login, as_json: bool) -> None:
    """A login for people, or as JSON."""
    if as_json:
        click.echo(json.dumps(asdict(login)))
        return
    for name, value in asdict(login).items():
        if value is not None:
            click.echo(f"{name.replace('_', ' '):<12}{value}")


def hint(opened: Access, slug: str) -> None:
    """Say so, on stderr, when the server does not take this login yet."""
    found = opened.plan()
    users = {f"user {account.name}" for account in opened.accounts() if account.tenant_id == slug}
    if users & {*found.added, *found.changed} or found.restarts:
        click.echo("The server does not take this login yet: run `gxy access apply`.", err=True)
