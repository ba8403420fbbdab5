"""The registry and the DDL agree, column by column and type by type."""

from __future__ import annotations

import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.extraction.landing import VERSION_COLUMNS, key_columns, landed_columns

COLUMNS = "select name, type from system.columns where database = {database:String} and table = {table:String} order by position"


def columns_of(client: Client, database: str, table: str) -> dict[str, str]:
    return dict(client.query(COLUMNS, parameters={"database": database, "table": table}).result_rows)


@pytest.mark.parametrize("spec", TABLES.values(), ids=TABLES)
def test_every_entry_is_its_table_of_raw(clickhouse: Client, spec: TableSpec) -> None:
    actual = columns_of(clickhouse, "raw", spec.target)
    assert list(actual) == [*landed_columns(spec), *VERSION_COLUMNS]
    assert {column.name: column.clickhouse_type for column in spec.landed}.items() <= actual.items()
    (sorting_key,) = clickhouse.query(
        "select sorting_key from system.tables where database = 'raw' and name = {table:String}",
        parameters={"table": spec.target},
    ).result_rows[0]
    assert sorting_key == ", ".join(key_columns(spec))


def test_raw_holds_no_other_table_of_the_backend(clickhouse: Client) -> None:
    found = clickhouse.query("select name from system.tables where database = 'raw' and name like 'oltp%'").result_rows
    assert {name for (name,) in found} == {spec.target for spec in TABLES.values()}


def test_the_views_of_arrivals_follow_the_registry(clickhouse: Client) -> None:
    found = clickhouse.query("select name, as_select from system.tables where name like 'arrivals_%'").result_rows
    by_table = {name.removeprefix("arrivals_"): text for name, text in found}
    expected = {name: spec.arrival_column for name, spec in TABLES.items() if spec.arrival_column}
    assert by_table.keys() - {"events"} == expected.keys()
    assert all(column in by_table[name] for name, column in expected.items())


def test_the_vault_tables_are_keyed_as_the_registry_says(clickhouse: Client) -> None:
    for spec in TABLES.values():
        if spec.vault:
            assert spec.vault.key in columns_of(clickhouse, "pii", spec.vault.table)
            assert ("customer_pid" in columns_of(clickhouse, "pii", spec.vault.table)) or not spec.vault.has_customer
