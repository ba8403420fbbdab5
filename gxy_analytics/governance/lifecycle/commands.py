"""`gxy tenant suspend|resume|remove|removals|export`. Thin: the work is in the modules beside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table

from gxy_analytics.governance.durations import Duration
from gxy_analytics.governance.lifecycle.export import export_tenant
from gxy_analytics.governance.lifecycle.export_files import SERVER_FORMATS, Format
from gxy_analytics.governance.lifecycle.logins import closed_login, opened_login
from gxy_analytics.governance.lifecycle.removals import (
    ASKED,
    Removal,
    ask_removal,
    cancel_removal,
    list_removals,
    open_removal,
)
from gxy_analytics.governance.lifecycle.removing import run_removal
from gxy_analytics.governance.lifecycle.states import TenantState, resume, state_of, suspend
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.settings import ClickHouseRole, Settings, load_settings
from gxy_analytics.warehouse.client import connect

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


@click.command("suspend")
@click.argument("slug")
@click.option("--reason", required=True, help="Why; it is kept in the audit.")
@as_json
def suspend_(slug: str, reason: str, as_json: bool) -> None:
    """Take nothing from tenant SLUG any more: its keys answer 403 within 5 seconds, its login is closed. Its data stays."""
    with _opened("suspend") as (client, settings):
        state = suspend(client, slug, reason)
        note = closed_login(settings, slug)
    _print_state(state, note, as_json)


@click.command("resume")
@click.argument("slug")
@click.option("--reason", default="", help="Why; it is kept in the audit.")
@as_json
def resume_(slug: str, reason: str, as_json: bool) -> None:
    """Undo `suspend`: the keys of tenant SLUG work again within 5 seconds, and its login is opened."""
    with _opened("resume") as (client, settings):
        state = resume(client, slug, reason)
        note = opened_login(settings, slug)
    _print_state(state, note, as_json)


@click.command()
@click.argument("slug")
@click.option("--reason", default="", help="Why; it is kept in the audit.")
@click.option("--after", type=Duration(), help="How long from now, such as 30d; default: GXY_TENANT_REMOVAL_DAYS.")
@click.option("--now", is_flag=True, help="Begin at once, or go on with what was begun; asks for the slug once more.")
@click.option("--cancel", is_flag=True, help="Call it off, as long as it has not begun.")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant. With --now, --confirm is needed too.")
@click.option("--confirm", metavar="SLUG", help="The slug once more, for --now without a question.")
@as_json
def remove(
    slug: str,
    reason: str,
    after: timedelta | None,
    now: bool,
    cancel: bool,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> None:
    """Erase everything of tenant SLUG after a delay; until then it is suspended, and --cancel keeps it."""
    with _opened("remove") as (client, settings):
        if cancel:
            removal = cancel_removal(client, slug, reason)
            note = opened_login(settings, slug) if state_of(client, slug).status == "active" else ""
        else:
            removal, note = _remove(client, settings, slug, reason, after, now=now, yes=yes, confirm=confirm)
    if as_json:
        click.echo(json.dumps({**removal.as_dict(), "note": note}))
        return
    click.echo(_sentence(removal))
    if note:
        click.echo(note, err=True)


@click.command()
@click.argument("slug", default="")
@as_json
def removals(slug: str, as_json: bool) -> None:
    """List the removals of tenants, with their reports (--json)."""
    with _opened("removals") as (client, _):
        found = list_removals(client, slug)
    if as_json:
        click.echo(json.dumps([removal.as_dict() for removal in found]))
        return
    table = Table("tenant", "state", "asked at", "due at", "asked by", "reason", "rows erased", "why it has not ended")
    for one in found:
        instants = [f"{instant:%Y-%m-%d %H:%M}" for instant in (one.asked_at, one.due_at)]
        table.add_row(one.tenant_id, one.state, *instants, one.asked_by, one.reason, str(one.report.get("rows", "")), one.error)
    Console().print(table)


@click.command()
@click.argument("slug")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="A directory that is not there yet.")
@click.option("--format", "form", type=click.Choice(list(SERVER_FORMATS)), default="parquet", show_default=True)
@click.option("--tables", default="", help="Comma-separated, such as marts.fct_orders,raw.events; all by default.")
@click.option("--with-personal-data", is_flag=True, help="Open the vault too: e-mails, names, phones in the clear.")
@click.option("--reason", default="", help="Why; needed for personal data, and kept in the audit.")
@as_json
def export(slug: str, out: Path, form: Format, tables: str, with_personal_data: bool, reason: str, as_json: bool) -> None:
    """Write everything of tenant SLUG to files, one a table, with a manifest: marts, events, the backend's rows."""
    console = Console(stderr=True, highlight=False)
    names = [name for name in tables.split(",") if name]
    with _opened("export", role="exporter") as (client, settings):
        vault = VaultReader(client, load_key_ring(settings)) if with_personal_data else None
        told = lambda table, rows: console.print(f"{table}: {rows:,} rows")  # noqa: E731
        manifest = export_tenant(client, slug, out, form=form, tables=names, vault=vault, reason=reason, progress=told)
    if as_json:
        click.echo(json.dumps(manifest))
        return
    click.echo(f"exported {manifest['rows']:,} rows of {slug} in {len(manifest['files'])} files to {out}")


LIFECYCLE = (suspend_, resume_, remove, removals, export)


@contextmanager
def _opened(what: str, role: ClickHouseRole = "eraser") -> Iterator[tuple[Client, Settings]]:
    settings = load_settings()
    with connect(settings.clickhouse_as(role), purpose=f"tenant-{what}") as client:
        yield client, settings


def _remove(
    client: Client,
    settings: Settings,
    slug: str,
    reason: str,
    after: timedelta | None,
    *,
    now: bool,
    yes: bool,
    confirm: str | None,
) -> tuple[Removal, str]:
    """Ask, or begin, or go on; returns the removal and what is left to do."""
    removal = open_removal(client, slug)
    if removal is None or not now:
        state_of(client, slug)
        if not yes and not now:
            click.confirm(f"Suspend tenant {slug} now, and erase everything of it later?", abort=True, err=True)
        delay = timedelta() if now else after if after is not None else timedelta(days=settings.tenant_removal_days)
        if now:
            _confirm_slug(slug, confirm)
        removal = ask_removal(client, slug, reason=reason, after=delay)
    elif removal.state == ASKED:
        _confirm_slug(slug, confirm)
    if now:
        return run_removal(client, settings, removal), ""
    return removal, closed_login(settings, slug)


def _confirm_slug(slug: str, confirm: str | None) -> None:
    if (confirm or click.prompt(f"Everything of {slug} goes now. Type its slug", err=True)) != slug:
        raise click.BadParameter(f"is not {slug}: nothing was changed", param_hint="--confirm")


def _print_state(state: TenantState, note: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**asdict(state), "changed_at": state.changed_at.isoformat(), "note": note}))
        return
    click.echo(f"tenant {state.tenant_id} is {state.status}: the ingest service follows within 5 seconds")
    if note:
        click.echo(note, err=True)


def _sentence(removal: Removal) -> str:
    told: dict[str, Any] = {
        "asked": f"is suspended, and is erased after {removal.due_at:%Y-%m-%d %H:%M} UTC: `--cancel` keeps it until then",
        "cancelled": "stays: the removal is called off",
        "removed": f"is removed: {removal.report.get('rows', 0):,} rows erased, none left",
    }
    return f"tenant {removal.tenant_id} {told.get(removal.state, removal.state)}"
