"""`gxy tenant policy`: show and change what the ingest service does with a tenant's events. The work is in `tenants`."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from gxy_analytics.governance.tenants.ingest_policy import DEFAULT_POLICY, FIELDS
from gxy_analytics.governance.tenants.tenants import set_policy
from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect

LISTS = ("origins", "url_parameters", "consent_required")


@click.command()
@click.argument("slug")
@click.option("--origin", "origins", multiple=True, help="A web origin that may send, or https://*.shop.example; repeatable.")
@click.option("--events-per-second", type=int, help="Quota over all workers; 0: the service's default.")
@click.option("--events-burst", type=int, help="Events taken at once after a pause; 0: ten seconds of the rate.")
@click.option("--bytes-per-second", type=int, help="Quota over all workers; 0: the service's default.")
@click.option("--bytes-burst", type=int, help="Bytes taken at once after a pause; 0: ten seconds of the rate.")
@click.option("--ip", type=click.Choice(["truncate", "drop"]), help="Keep the network of an address, or nothing.")
@click.option("--cookieless/--no-cookieless", "is_cookieless", default=None, help="Replace browser ids by one that lasts a day.")
@click.option("--honour-gpc/--ignore-gpc", "honours_gpc", default=None, help="Take Sec-GPC: 1 as an objection.")
@click.option("--honour-dnt/--ignore-dnt", "honours_dnt", default=None, help="Take DNT: 1 as an objection.")
@click.option("--url-parameter", "url_parameters", multiple=True, help="A query parameter kept in URLs; repeatable.")
@click.option("--require-consent", "consent_required", multiple=True, help="A purpose events need consent for; repeatable.")
@click.option("--reset", multiple=True, type=click.Choice(FIELDS), help="Give a field its default again; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def policy(slug: str, reset: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Show the policy of tenant SLUG, changed by the options that are given; a repeatable option replaces its whole list."""
    changes = {field: getattr(DEFAULT_POLICY, field) for field in reset}
    changes |= {field: value for field, value in given.items() if value is not None and (value or field not in LISTS)}
    with connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose="tenant-policy") as client:
        now = msgspec.structs.asdict(set_policy(client, slug, changes))
    if as_json:
        click.echo(json.dumps({"tenant_id": slug, **now}))
        return
    table = Table("field", "value")
    for field, value in now.items():
        table.add_row(field, ", ".join(value) if isinstance(value, tuple) else str(value))
    Console().print(table)
    if changes:
        click.echo("Every worker acts on it within 5 seconds.")
