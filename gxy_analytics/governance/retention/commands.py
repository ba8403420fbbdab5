"""`gxy retention`: periods, what is over, deleting it, and the report. Holds are in `hold_commands`. Thin."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import click
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gxy_analytics.governance.audit.record import os_user
from gxy_analytics.governance.retention.apply import apply as apply_rules
from gxy_analytics.governance.retention.hold_commands import hold, holds, release
from gxy_analytics.governance.retention.periods import read_choices, set_period
from gxy_analytics.governance.retention.plan import RulePlan
from gxy_analytics.governance.retention.plan import plan as plan_rules
from gxy_analytics.governance.retention.report import report as read_report
from gxy_analytics.governance.retention.show import shown_periods
from gxy_analytics.settings import load_settings
from gxy_analytics.warehouse.client import connect

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value instead of a table.")


@click.group()
def retention() -> None:
    """How long data is kept, legal holds, and what was deleted because its time was over."""


for command in (hold, holds, release):
    retention.add_command(command)


@retention.command("set")
@click.option("--tenant", "tenant_id", required=True, help="Slug of the tenant.")
@click.option("--table", "rule_name", required=True, help="A name that `gxy retention show` lists.")
@click.option("--days", type=click.IntRange(0), required=True, help="Days it is kept; 0: as long as the platform keeps it.")
def set_(tenant_id: str, rule_name: str, days: int) -> None:
    """Keep a tenant's rows of a table for less time than the platform does. The next daily run acts on it."""
    settings = load_settings()
    with connect(settings.clickhouse_as("eraser"), purpose="retention-set") as client:
        set_period(client, settings, tenant_id, rule_name, days, actor=os_user())
    click.echo(f"{rule_name} of {tenant_id}: {f'{days} days' if days else 'the platform period'}, from the next run on.")


@retention.command()
@click.option("--tenant", "tenant_id", help="Show what holds for this tenant.")
@as_json
def show(tenant_id: str | None, as_json: bool) -> None:
    """Show what is kept for how long, and why."""
    settings = load_settings()
    choices = {}
    if tenant_id:
        with connect(settings.clickhouse_as("eraser"), purpose="retention-show") as client:
            choices = read_choices(client)
    rows = [asdict(shown) for shown in shown_periods(settings, tenant_id or "", choices)]
    if as_json:
        _print(rows, as_json)
        return
    console = Console(highlight=False)
    for row in rows:
        since = f" from {row['counted_from']}" if row["counted_from"] else ""
        console.print(f"[bold]{row['name']}[/]  {escape(row['kept_for'])}{since}, by {escape(row['by'])}", soft_wrap=True)
        console.print(Padding(Text(row["reason"], style="dim"), (0, 0, 0, 4)))


@retention.command()
@click.option("--tenant", "tenant_id", help="Only this tenant's rows.")
@as_json
def plan(tenant_id: str | None, as_json: bool) -> None:
    """Count what is over and would go now, by table and tenant. Changes nothing."""
    settings = load_settings()
    with connect(settings.clickhouse_as("eraser"), purpose="retention-plan") as client:
        plans = plan_rules(client, settings, datetime.now(UTC), tenant_id=tenant_id)
    _print(_by_tenant(plans), as_json, empty="Nothing is over.")


@retention.command()
@click.option("--dry-run", is_flag=True, help="Count and change nothing, as `gxy retention plan`.")
@as_json
def apply(dry_run: bool, as_json: bool) -> None:
    """Delete what is over. The daily job does the same."""
    settings = load_settings()
    with connect(settings.clickhouse_as("eraser"), purpose="retention-apply") as client:
        if dry_run:
            _print(_by_tenant(plan_rules(client, settings, datetime.now(UTC))), as_json, empty="Nothing is over.")
            return
        done = apply_rules(client, settings, datetime.now(UTC), uuid4())
    names = ("rows", "bytes", "parts", "held", "waits_for")
    rows = [{"name": one.rule.name, **{name: getattr(one, name) for name in names}} for one in done]
    _print([row for row in rows if row["rows"] or row["held"] or row["waits_for"]], as_json, empty="Nothing was over.")


@retention.command()
@click.option("--tenant", "tenant_id", default="", help="Only this tenant.")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="Runs of so many days back.")
@as_json
def report(tenant_id: str, days: int, as_json: bool) -> None:
    """Show what went because its time was over."""
    with connect(load_settings().clickhouse_as("eraser"), purpose="retention-report") as client:
        gone = read_report(client, tenant_id=tenant_id, since=datetime.now(UTC) - timedelta(days=days))
    _print([asdict(one) for one in gone], as_json, empty=f"Nothing went in {days} days.")


def _by_tenant(plans: Sequence[RulePlan]) -> list[dict[str, Any]]:
    """One row a rule and tenant."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for over in (over for one in plans for over in one.over):
        start = {"name": over.rule.name, "tenant": over.tenant_id, "partitions": 0, "rows": 0, "bytes": 0, "held": 0}
        row = rows.setdefault((over.rule.name, over.tenant_id), start)
        row["partitions"] += 1
        for name in ("rows", "bytes", "held"):
            row[name] += getattr(over, name)
    return list(rows.values())


def _print(rows: Sequence[dict[str, Any]], as_json: bool, empty: str = "") -> None:
    if as_json:
        click.echo(json.dumps(list(rows), default=str))
    elif not rows:
        click.echo(empty)
    else:
        table = Table(*(name.replace("_", " ") for name in rows[0]))
        for row in rows:
            table.add_row(*(_shown(value) for value in row.values()))
        Console().print(table)


def _shown(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
