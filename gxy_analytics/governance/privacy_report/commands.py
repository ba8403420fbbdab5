"""`gxy privacy`: what a person may ask for. Thin: the work is in `report`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from gxy_analytics.governance.privacy_report.report import MadeReport, make_report
from gxy_analytics.settings import load_settings
from gxy_analytics.warehouse.client import connect


@click.group()
def privacy() -> None:
    """Requests of the people whose data is held."""


@privacy.command()
@click.option("--tenant", "tenant_id", required=True, metavar="SLUG", help="The shop.")
@click.option("--customer-id", help="The person, by the backend's customers.id.")
@click.option(
    "--email",
    prompt="E-mail",
    prompt_required=False,
    help="The person, by address; without a value it is asked for, unseen by `ps`.",
)
@click.option("--customer-pid", help="The person, by pseudonym.")
@click.option("--anonymous-id", help="The person, by a browser that nobody else signed in with.")
@click.option("--reason", required=True, help="Why, such as a ticket number; kept in the audit.")
@click.option(
    "--out",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the files; default: a new one here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def report(
    tenant_id: str,
    customer_id: str | None,
    email: str | None,
    customer_pid: str | None,
    anonymous_id: str | None,
    reason: str,
    directory: Path | None,
    as_json: bool,
) -> None:
    """Write everything held about a person of a shop: report.json and report.html, readable by you alone.

    Name the person by one of the four identities.
    """
    settings = load_settings()
    directory = directory or Path(f"privacy-report-{tenant_id}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with connect(settings.clickhouse_as("exporter"), purpose="privacy-report") as client:
        made = make_report(
            client,
            settings,
            tenant_id,
            directory,
            customer_id=customer_id,
            email=email,
            customer_pid=customer_pid,
            anonymous_id=anonymous_id,
            reason=reason,
        )
    _print(made, as_json)


def _print(made: MadeReport, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**asdict(made), "total": made.total}, default=str))
        return
    tables = sum(1 for count in made.rows.values() if count)
    click.echo(f"{made.total:,} rows of {tables} tables, for the person: {made.html_file}")
    click.echo(f"for machines: {made.json_file}")
    if made.shared_ids:
        click.echo(
            f"{len(made.shared_ids)} browsers were used by other customers too: what was done there signed out is not in it."
        )
    click.echo("Both hold personal data in the clear: hand them over by a safe way, then delete them.")
