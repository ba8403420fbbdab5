"""`gxy migrate`: bring the schema of a ClickHouse server up to this version. The work is in `migrations`."""

from __future__ import annotations

import click

from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.migrations import migrate as apply_migrations


@click.command()
def migrate() -> None:
    """Create or upgrade the databases and tables. Running it again changes nothing."""
    settings = load_settings()
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="migrate") as client:
        applied = apply_migrations(client, settings)
    for migration in applied:
        click.echo(f"applied {migration.version:04}_{migration.name}")
    click.echo(f"schema is up to date ({len(applied)} applied now)")
