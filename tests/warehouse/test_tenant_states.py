"""Suspending and resuming: the status in force is the stricter of the backend's and the platform's."""

from __future__ import annotations

import json

import psycopg
import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from extraction_world import extract
from lifecycle_world import acts

from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.access.registry import accounts_now
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.lifecycle.states import MissingReasonError, NotResumableError, resume, state_of, suspend
from gxy_analytics.governance.tenants.commands import tenant
from gxy_analytics.governance.tenants.tenants import UnknownTenantError, add_tenant
from gxy_analytics.governance.tenants.write_keys import create_write_key, hash_write_key, read_grants
from gxy_analytics.settings import Settings

KEY = bytes(range(32))


def logins(client: Client) -> set[str]:
    return {account.tenant_id for account in accounts_now(client, load_specification(), KEY) if account.tenant_id}


def change_backend(oltp: psycopg.Connection, slug: str, status: str) -> None:
    oltp.execute("update tenants set status = %s, updated_at = now() at time zone 'utc' where slug = %s", (status, slug))


def test_a_suspended_tenant_keeps_its_keys_which_grant_nothing_and_has_no_login(source: Source, clickhouse: Client) -> None:
    extract("tenants", source, clickhouse)
    keys = {slug: hash_write_key(create_write_key(clickhouse, slug)) for slug in ("acme", "umbra")}
    assert logins(clickhouse) == {"acme", "umbra"}
    assert suspend(clickhouse, "acme", "unpaid").status == "suspended"
    assert suspend(clickhouse, "acme", "unpaid").status == "suspended"
    grants = read_grants(clickhouse)
    assert {slug: grants[key].is_suspended for slug, key in keys.items()} == {"acme": True, "umbra": False}
    assert logins(clickhouse) == {"umbra"}
    assert resume(clickhouse, "acme").status == "active"
    assert not read_grants(clickhouse)[keys["acme"]].is_suspended
    assert logins(clickhouse) == {"acme", "umbra"}
    assert acts(clickhouse, "acme") == ["tenant.suspended", "tenant.resumed"]


def test_an_extraction_does_not_resume_whom_the_platform_suspended(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    suspend(clickhouse, "acme", "abuse")
    oltp.execute("update tenants set name = 'Acme 2', updated_at = now() at time zone 'utc' where slug = 'acme'")
    extract("tenants", source, clickhouse)
    named = clickhouse.query("select name, status from governance.tenants final where tenant_id = 'acme'").result_rows
    assert named == [("Acme 2", "suspended")]
    assert resume(clickhouse, "acme").status == "active"


def test_whom_the_backend_closed_is_stopped_and_resumed_by_the_backend_alone(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    key = hash_write_key(create_write_key(clickhouse, "acme"))
    suspend(clickhouse, "acme", "unpaid")
    change_backend(oltp, "acme", "closed")
    extract("tenants", source, clickhouse)
    assert state_of(clickhouse, "acme").status == "closed"
    assert read_grants(clickhouse)[key].is_suspended
    with pytest.raises(NotResumableError, match="the backend says 'closed'"):
        resume(clickhouse, "acme")
    change_backend(oltp, "acme", "active")
    extract("tenants", source, clickhouse)
    assert state_of(clickhouse, "acme").status == "active"


def test_a_tenant_that_was_never_extracted_is_suspended_and_returns_to_what_it_was(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    assert settings.oltp_url
    add_tenant(clickhouse, settings.oltp_url, "acme")
    assert suspend(clickhouse, "acme", "abuse").status == "suspended"
    assert resume(clickhouse, "acme").status == "active"


def test_nobody_is_suspended_without_a_reason_nor_a_tenant_that_is_not_there(source: Source, clickhouse: Client) -> None:
    extract("tenants", source, clickhouse)
    with pytest.raises(MissingReasonError, match="--reason"):
        suspend(clickhouse, "acme", " ")
    with pytest.raises(UnknownTenantError, match="gxy tenant list"):
        suspend(clickhouse, "nobody", "abuse")
    assert state_of(clickhouse, "acme").status == "active"


def test_the_commands_say_what_is_and_what_is_left_to_do(source: Source, clickhouse: Client, settings: Settings) -> None:
    extract("tenants", source, clickhouse)
    environment = {"GXY_CLICKHOUSE_URL": settings.clickhouse_url, "GXY_DATA_DIR": str(settings.data_dir)}

    def run(*arguments: str) -> str:
        return CliRunner().invoke(tenant, list(arguments), env=environment, catch_exceptions=False).output

    told = json.loads(run("suspend", "acme", "--reason", "unpaid", "--json"))
    assert (told["status"], told["reason"], told["is_suspended"]) == ("suspended", "unpaid", True)
    assert "gxy access apply" in told["note"], "this data directory is not the server's: the login cannot follow at once"
    assert "tenant acme is active" in run("resume", "acme")
