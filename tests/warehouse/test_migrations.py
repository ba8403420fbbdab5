"""The schema: applied once, never edited. TTLs: `test_retention_ttls`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import MigrationChangedError
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.migrations import load_migrations, migrate

CREATED = "select name, create_table_query from system.tables where database in ('raw', 'pii', 'governance') order by 1"


def test_a_second_migration_changes_nothing(clickhouse: Client) -> None:
    before = clickhouse.query(CREATED).result_rows
    assert migrate(clickhouse, Settings()) == []
    assert clickhouse.query(CREATED).result_rows == before


def test_a_changed_applied_file_is_an_error(clickhouse: Client) -> None:
    first, *others = load_migrations()
    with pytest.raises(MigrationChangedError, match=r"0001_databases\.sql changed"):
        migrate(clickhouse, Settings(), [replace(first, sql=first.sql + "select 1;\n"), *others])


def test_every_table_leads_its_sort_key_with_the_tenant(clickhouse: Client) -> None:
    """Exceptions are tables that hold no tenant's rows at all, and the audit, which is in the order of its chain."""
    without_tenant = {
        "schema_migrations",
        "watermarks",
        "day_builds",
        "platform_releases",
        "dp_ledger",
        "access_users",
        "access_applied",
        "suppression_acks",
        "audit",
        "audit_entries",
        "audit_harvests",
    }
    rows = clickhouse.query(
        "select name, sorting_key from system.tables where database in ('raw', 'pii', 'governance') and engine not like '%View'"
    ).result_rows
    assert {name for name, key in rows if not key.startswith("tenant_id")} == without_tenant
