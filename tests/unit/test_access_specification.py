"""The access specification as data: what it must never say, and what is derived from it."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gxy_analytics.governance.access.accounts import UnsafeSlugError, derive_password, wanted_accounts
from gxy_analytics.governance.access.server_sql import (
    UnsafeOperatorError,
    altering,
    grant_statements,
    render_objects,
    render_script,
)
from gxy_analytics.governance.access.specification import SpecificationError, load_specification, read_specification
from gxy_analytics.governance.access.users_xml import render_users_xml
from gxy_analytics.governance.erasure.registry import load_registry
from gxy_analytics.quality.ddl import ddl_tables
from gxy_analytics.warehouse.manifest import prepared_manifest

SPECIFICATION = load_specification()
KEY = bytes(range(32))
GOLDEN = Path(__file__).with_name("test_access_script.golden.sql")
SEALED_TABLES = {"pii.customers", "pii.orders"}


def test_every_mart_is_policed_and_nothing_else_is() -> None:
    nodes = json.loads(prepared_manifest().read_text())["nodes"].values()
    marts = {
        f"marts.{node['alias']}"
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] == "marts" and node["config"]["materialized"] != "view"
    }
    assert set(SPECIFICATION.policed) == marts
    for node in nodes:
        if node["resource_type"] == "model" and node["schema"] == "marts":
            assert SPECIFICATION.policy.column in node["columns"], node["alias"]


def test_every_table_is_granted_to_a_role_or_is_unreachable_for_a_reason() -> None:
    """Which of the two is a decision: nothing is open, or forgotten, because nobody thought of it."""
    nodes = json.loads(prepared_manifest().read_text())["nodes"].values()
    tables = {f"{node['schema']}.{node['alias']}" for node in nodes if node["resource_type"] in ("model", "seed")}
    tables |= {f"{database}.{table}" for database, table in ddl_tables()} | {"governance.schema_migrations"}
    assert len(tables) > 60
    assert {table for table in tables if not SPECIFICATION.is_granted(table)} == set(SPECIFICATION.unreachable)
    assert all(reason.endswith(".") for reason in SPECIFICATION.unreachable.values())


def test_what_is_granted_by_name_is_there() -> None:
    nodes = json.loads(prepared_manifest().read_text())["nodes"].values()
    tables = {f"{node['schema']}.{node['alias']}" for node in nodes} | {f"{one}.{table}" for one, table in ddl_tables()}
    tables.add("governance.schema_migrations")
    named = {table for role in SPECIFICATION.roles.values() for grant in role.all_grants for table in grant.on}
    assert not {table for table in named if "." in table and "*" not in table and not table.startswith("system.")} - tables


def test_a_tenant_is_granted_exactly_what_is_policed() -> None:
    tenant = SPECIFICATION.roles["tenant"]
    granted = {f"GRANT SELECT, SHOW COLUMNS ON {table}" for table in SPECIFICATION.policed}
    sealed = {f"REVOKE SELECT(__whole_table) ON {table}" for table in SPECIFICATION.policed}
    assert set(grant_statements(tenant)) == granted | sealed


def test_the_scanner_reads_every_table_outside_the_vault_and_changes_none() -> None:
    """A table that it may not read would fail the scan; one that it did not see would be clean for ever."""
    nodes = json.loads(prepared_manifest().read_text())["nodes"].values()
    tables = {f"{node['schema']}.{node['alias']}" for node in nodes if node["resource_type"] in ("model", "seed")}
    tables |= {f"{database}.{table}" for database, table in ddl_tables()} | {"governance.schema_migrations"}
    grants = SPECIFICATION.roles["scanner"].grants
    assert {grant.privileges for grant in grants} == {("SELECT",), ("SHOW TABLES",), ("SHOW COLUMNS",)}
    read = {table for grant in grants if grant.privileges == ("SELECT",) and not grant.columns for table in grant.on}
    unread = {table for table in tables if not {table, f"{table.split('.')[0]}.*"} & read}
    assert {table for table in unread if not table.startswith("pii.")} == set()


def test_the_exporter_reads_every_table_that_a_report_to_a_person_shows() -> None:
    """The report lists what its user sees: a table that it may not read would be left out in silence."""
    shown = set(tomllib.loads(files("gxy_analytics.governance.privacy_report").joinpath("tables.toml").read_text())["tables"])
    assert len(shown) > 20
    grants = SPECIFICATION.roles["exporter"].grants
    read = {table for grant in grants if "SELECT" in grant.privileges and not grant.columns for table in grant.on}
    assert {table for table in shown if not {table, f"{table.split('.')[0]}.*"} & read} == set()


def test_the_auditor_reads_who_asked_and_not_what() -> None:
    for grant in SPECIFICATION.roles["auditor"].grants:
        if "system.query_log" in grant.on:
            assert grant.columns
            assert not {"query", "formatted_query", "exception", "stack_trace"} & set(grant.columns)


def test_only_export_erasure_and_the_scan_read_sealed_values() -> None:
    readers = set()
    for name, role in SPECIFICATION.roles.items():
        for grant in role.all_grants:
            reads = "SELECT" in grant.privileges and SEALED_TABLES & set(grant.on)
            if reads and (not grant.columns or {"ciphertext", "wrapped_key"} & set(grant.columns)):
                readers.add(name)
    assert readers == {"exporter", "eraser", "scanner"}


def test_the_eraser_may_take_out_whatever_goes_with_a_person_or_a_tenant() -> None:
    """What goes is said by erasure's own registry, table by table."""
    columns = {f"{database}.{table}": of.columns for (database, table), of in ddl_tables().items()}
    grants = SPECIFICATION.roles["eraser"].all_grants
    granted = {(word, table) for grant in grants if not grant.columns for word in grant.privileges for table in grant.on}
    for table in load_registry().tables:
        of_tenant = table.tenant != "keep" and "tenant_id" in columns.get(table.name, {})
        of_person = {"tombstone": "ALTER UPDATE", "empty": "ALTER UPDATE"}.get(table.treatment, "ALTER DELETE")
        needed = {of_person} if table.customer or table.anonymous or table.by_orders else set()
        needed |= {"ALTER DELETE"} if of_tenant else set()
        for word in needed:
            assert {(word, table.name), (word, f"{table.database}.*")} & granted, (word, table.name)


def test_only_who_seals_or_opens_reads_the_keys_of_customers() -> None:
    readers = {
        name
        for name, role in SPECIFICATION.roles.items()
        for grant in role.all_grants
        if "SELECT" in grant.privileges and "pii.keys" in grant.on
    }
    assert readers == {"pipeline", "exporter", "eraser", "scanner"}


def test_few_read_write_keys_and_nobody_may_grant_or_make_users() -> None:
    for name, role in SPECIFICATION.roles.items():
        for grant in role.all_grants:
            assert "governance.*" not in grant.on and "pii.*" not in grant.on, name
            assert "*.*" not in grant.on or grant.privileges[0] in ("CREATE TEMPORARY TABLE", "SHOW TABLES", "SHOW COLUMNS"), name
            assert "governance.write_keys" not in grant.on or name in ("ingest", "eraser", "scanner"), name
            assert not {word for word in grant.privileges if "USER" in word or "ROLE" in word or word in ("ALL", "ALTER")}, name


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[roles.x]\ndescription = ''\nprofile = 'none'", "profile 'none'"),
        ("[roles.x]\ndescription = ''\nprofile = 'p'\nquota = 'q'", "quota 'q'"),
        ("[roles.x]\ndescription = ''\nprofile = 'p'\npoliced = ['marts.*']", "whole databases"),
        ("[roles.x]\ndescription = ''\nprofile = 'p'\npoliced = ['marts.a; drop table b']", "is no table"),
        (
            "[roles.x]\ndescription = ''\nprofile = 'p'\npoliced = ['marts.a']\n"
            "[[roles.x.grants]]\nprivileges = ['SELECT']\non = ['raw.events']",
            "beside its policed tables",
        ),
        ("[unreachable]\n'marts' = ''\n[roles]", "'marts' is no table"),
        (
            "[unreachable]\n'a.b' = ''\n[roles.x]\ndescription = ''\nprofile = 'p'\n"
            "[[roles.x.grants]]\nprivileges = ['SELECT']\non = ['a.*']",
            "a.b is unreachable and granted",
        ),
        ("[[roles.x.grants]]\nprivileges = ['select']\non = ['a.b']\n[roles.y]\ndescription=''\nprofile='p'", "cannot be read"),
    ],
)
def test_a_specification_that_contradicts_itself_is_refused(text: str, complaint: str) -> None:
    policy = "[policy]\ncolumn = 'tenant_id'\ncondition = '1'\nuser_prefix = 'tenant_'\n[profiles.p]\nreadonly = 2\n[quotas]\n"
    with pytest.raises(SpecificationError, match=complaint.replace("*", r"\*")):
        read_specification(policy + text)


def test_a_slug_that_is_no_dns_label_gets_no_user() -> None:
    for slug in ("", "a b", "A", "x' OR 1", "a</users>", "-a", "a" * 64):
        with pytest.raises(UnsafeSlugError):
            wanted_accounts(SPECIFICATION, KEY, [slug], {})


def test_an_operator_that_could_end_a_statement_is_refused() -> None:
    for operator in ("", "a`; drop user b", "a b"):
        with pytest.raises(UnsafeOperatorError):
            render_objects(SPECIFICATION, operator)


def test_passwords_are_derived_and_a_rotation_or_another_user_gives_another_one() -> None:
    first = derive_password(KEY, "tenant_aurora", 1)
    assert first == derive_password(KEY, "tenant_aurora", 1)
    others = [
        derive_password(KEY, "tenant_aurora", 2),
        derive_password(KEY, "tenant_b", 1),
        derive_password(KEY[::-1], "tenant_aurora", 1),
    ]
    assert len({first, *others}) == 4
    assert all(len(password) == 43 for password in (first, *others))


def test_no_password_is_shown_or_written() -> None:
    accounts = wanted_accounts(SPECIFICATION, KEY, ["aurora"], {})
    written = render_users_xml(SPECIFICATION, accounts) + render_script(SPECIFICATION, accounts, "ops") + repr(accounts)
    assert not [account.name for account in accounts if account.password in written]


def test_every_account_has_its_roles_grants_and_only_tenants_have_filters() -> None:
    accounts = wanted_accounts(SPECIFICATION, KEY, ["aurora"], {})
    users = ElementTree.fromstring(render_users_xml(SPECIFICATION, accounts)).find("users")  # noqa: S314
    assert users is not None
    for account in accounts:
        user = users.find(account.name)
        assert user is not None
        granted = [query.text for query in user.findall("grants/query")]
        assert granted == list(grant_statements(SPECIFICATION.roles[account.role]))
        filters = {f"marts.{table.tag}": table.findtext("filter") for table in user.findall("databases/marts/*")}
        assert set(filters) == (set(SPECIFICATION.policed) if account.tenant_id else set())
        assert set(filters.values()) <= {SPECIFICATION.policy.condition}


def test_every_setting_of_every_profile_is_a_constant() -> None:
    root = ElementTree.fromstring(render_users_xml(SPECIFICATION, []))  # noqa: S314
    for name, settings in SPECIFICATION.profiles.items():
        profile = root.find(f"profiles/gxy_{name}")
        assert profile is not None
        assert {element.tag: element.text or None for element in profile if element.tag != "constraints"} == {
            setting: str(value) or None for setting, value in settings.items()
        }
        constant = {element.tag for element in profile.findall("constraints/*") if element.find("const") is not None}
        changeable = {
            element.tag for element in profile.findall("constraints/*") if element.find("changeable_in_readonly") is not None
        }
        assert constant == set(SPECIFICATION.constants_of(name)) == set(settings) - changeable
        assert changeable == set(SPECIFICATION.changeable_in(name))
        (made,) = render_objects(SPECIFICATION, "ops")[f"profile gxy_{name}"]
        assert made.count(" CONST") == len(constant)
        assert made.count(" CHANGEABLE_IN_READONLY") == len(changeable)


def test_who_only_reads_sets_what_is_listed_and_no_limit_to_nothing() -> None:
    for name in ("tenant", "staff"):
        assert SPECIFICATION.profiles[name]["readonly"] == 1
        limits = {setting: bounds for setting, bounds in SPECIFICATION.changeable_in(name).items() if bounds}
        assert "max_execution_time" in limits
        assert limits["max_execution_time"][0] >= 1
    assert SPECIFICATION.changeable_in("service") == {}


def test_a_role_that_is_there_is_altered_and_loses_everything_before_it_gets_anything() -> None:
    role = render_objects(SPECIFICATION, "ops")["role gxy_role_tenant"]
    altered = altering(role)
    assert altered[:2] == ["ALTER ROLE gxy_role_tenant SETTINGS PROFILE 'gxy_tenant'", "REVOKE ALL ON *.* FROM gxy_role_tenant"]
    assert altered[2:] == role[1:]


def test_the_script_for_a_full_server_is_as_it_was_reviewed() -> None:
    """When the specification changes on purpose: read the difference, then write the new script over the golden one."""
    script = render_script(SPECIFICATION, wanted_accounts(SPECIFICATION, KEY, ["aurora-living", "b"], {"tenant_b": 3}), "ops")
    assert script == GOLDEN.read_text()


def test_the_specification_lies_in_the_package() -> None:
    assert files("gxy_analytics.governance.access").joinpath("specification.toml").is_file()
