"""The registry by itself: complete, in order, and without a personal column that would leave the vault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.contracts.table_spec import Null, Pii, TableSpec
from gxy_analytics.warehouse.client import read_sql

# What issue and design call personal: these may only be sealed, cut or generalised.
PERSONAL = {"email", "phone", "first_name", "last_name", "birth_date", "ip_address", "street", "address"}
SPECS = pytest.mark.parametrize("spec", TABLES.values(), ids=TABLES)


def backend_columns() -> dict[str, set[str]]:
    """Columns by table of the backend's schema."""
    schema = read_sql("gxy_analytics.stack", "oltp_schema.sql")
    tables = re.findall(r"create table if not exists (\w+) \((.*?)\n\);", schema, re.DOTALL)
    return {name: set(re.findall(r"^    (\w+) ", body, re.MULTILINE)) for name, body in tables}


def test_every_table_of_the_backend_is_extracted_tenants_first() -> None:
    assert set(TABLES) == set(backend_columns())
    assert next(iter(TABLES)) == "tenants"


@SPECS
def test_every_column_of_the_backend_is_extracted_and_exists(spec: TableSpec) -> None:
    named = {spec.key, spec.tenant, *spec.changed_at, *(join.on for join in spec.joins)} | {spec.deleted_at} - {""}
    assert named | {column.source for column in spec.columns if not column.join} == backend_columns()[spec.source]
    for column in spec.columns:
        assert not column.join or column.source in backend_columns()[column.join]


@SPECS
def test_no_personal_column_is_extracted_as_it_is(spec: TableSpec) -> None:
    for column in spec.columns:
        if column.source in PERSONAL:
            assert column.pii in (Pii.VAULT, Pii.TRUNCATE_IP, Pii.GENERALISE_YEAR)
        if column.name == "customer_pid":
            assert column.pii is Pii.PSEUDONYM


@SPECS
def test_parents_come_before_their_children(spec: TableSpec) -> None:
    names = list(TABLES)
    assert all(names.index(join.table) < names.index(spec.source) for join in spec.joins)


@SPECS
def test_identity_and_arrival_time_are_never_null(spec: TableSpec) -> None:
    nulls = {column.name: column.null for column in spec.landed}
    assert nulls[spec.key_column] is Null.REJECT
    assert not spec.arrival_column or nulls[spec.arrival_column] is Null.REJECT


def test_the_reference_page_names_every_table_and_personal_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "oltp.md").read_text()
    for spec in TABLES.values():
        assert f"`raw.{spec.target}`" in page
        for column in spec.columns:
            assert column.pii is Pii.NONE or f"`{spec.source}.{column.source}`" in page
