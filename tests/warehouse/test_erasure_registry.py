"""The registry knows every table of a warehouse that is migrated and built, and every column that may name a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from dbt_world import EVERYTHING, DbtWorld, dbt_world

from gxy_analytics.governance.erasure.errors import UnknownTableError
from gxy_analytics.governance.erasure.registry import CHANGES, InvalidRegistryError, load_registry
from gxy_analytics.governance.erasure.tenants import tenant_tables
from gxy_analytics.governance.erasure.verification import DATABASES, require_known_tables
from gxy_analytics.warehouse.client import read_sql

PERSONAL = re.compile(
    r"(.*_)?(customer_pid|customer_id|user_id|anonymous_id|visitor_id|previous_id|network_id|session_id|ip|ip_truncated|ip_address|"
    r"user_agent|email|phone|first_name|last_name|birth_\w+|street|city|postal_code|card_fingerprint|traits|identity_hash|"
    r"subject_hash|address|raw|headers|row_key)"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    """Everything migrated and built, over no rows."""
    with dbt_world(tmp_path_factory.mktemp("registry")) as made:
        made.build(what=EVERYTHING)
        made.client.command("system flush logs")
        yield made


def columns(world: DbtWorld) -> dict[str, set[str]]:
    """Columns by table, of tables with rows of their own."""
    rows = world.rows(
        "select concat(c.database, '.', c.table), c.name from system.columns as c join system.tables as t "
        "on t.database = c.database and t.name = c.table "
        "where t.engine like '%MergeTree' "
        "and (c.database in {databases:Array(String)} or (c.database = 'system' and c.table = 'query_log'))",
        databases=list(DATABASES),
    )
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


def test_every_table_of_the_warehouse_is_in_the_registry_and_nothing_else(world: DbtWorld) -> None:
    known = {table.name for table in load_registry().tables}
    assert known == set(columns(world))


def test_every_model_of_dbt_that_is_a_table_is_in_the_registry(world: DbtWorld) -> None:
    manifest = world.runner.manifest
    assert manifest is not None
    built = {
        f"{node.schema}.{node.alias}"
        for node in manifest.nodes.values()
        if node.resource_type in ("model", "seed") and node.config.materialized != "view"
    }
    assert len(built) >= 20
    assert built <= {table.name for table in load_registry().tables}


def test_every_column_that_may_name_a_person_is_spoken_of(world: DbtWorld) -> None:
    present = columns(world)
    for table in load_registry().tables:
        personal = {name for name in present[table.name] if PERSONAL.fullmatch(name)}
        unknown = personal - table.known_columns
        assert not unknown, f"{table.name} has {sorted(unknown)}, of which registry.toml does not speak"


def test_every_column_that_the_registry_names_exists(world: DbtWorld) -> None:
    present = columns(world)
    for table in load_registry().tables:
        named = {*table.known_columns, *table.times}
        assert named <= present[table.name], f"{table.name}: {sorted(named - present[table.name])}"


def test_whoever_keeps_people_without_a_treatment_stops_the_run(world: DbtWorld) -> None:
    registry = load_registry()
    require_known_tables(world.client, registry)
    world.client.command(
        "create table features.affinity (tenant_id String, customer_pid String) engine = MergeTree order by tenant_id"
    )
    try:
        with pytest.raises(UnknownTableError, match=r"features\.affinity"):
            require_known_tables(world.client, registry)
        with pytest.raises(UnknownTableError, match=r"features\.affinity"):
            tenant_tables(world.client, registry)
    finally:
        world.client.command("drop table features.affinity sync")


def test_a_half_built_copy_needs_no_entry(world: DbtWorld) -> None:
    world.client.command(
        "create table staging.__aside__marts__x (tenant_id String, customer_pid String) engine = MergeTree order by tenant_id"
    )
    try:
        require_known_tables(world.client, load_registry())
    finally:
        world.client.command("drop table staging.__aside__marts__x sync")


def test_what_changes_rows_is_built_from_what_was_changed_before(world: DbtWorld) -> None:
    """The vault first, sessions before the events they are read from, raw before what is built from it."""
    order = [table.name for table in load_registry().tables if table.treatment in CHANGES]
    assert order.index("pii.keys") == 0
    assert order.index("marts.fct_sessions") < order.index("staging.stg_web__events")
    assert order.index("pii.orders") < order.index("raw.oltp_orders")


def test_an_entry_that_contradicts_itself_is_refused() -> None:
    text = read_sql("gxy_analytics.governance.erasure", "registry.toml")
    for old, new in (
        ('treatment = "sessions"', 'treatment = "vanish"'),
        ('empties = ["card_fingerprint"]\n', ""),
        ('name = "raw.oltp_tenants"', 'name = "raw.events"'),
    ):
        assert old in text
        with pytest.raises(InvalidRegistryError):
            load_registry(text.replace(old, new))
