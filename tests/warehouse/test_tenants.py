"""`gxy tenant`: add, adopt, list, rotate, against a real ClickHouse and PostgreSQL."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.backend_tenants import BackendReadOnlyError
from gxy_analytics.governance.commands import tenant
from gxy_analytics.governance.tenants import (
    InvalidTenantError,
    TenantExistsError,
    UnknownTenantError,
    add_tenant,
    list_tenants,
    rotate_write_key,
)
from gxy_analytics.governance.write_keys import hash_write_key, read_active_keys
from gxy_analytics.settings import Settings

ADD_BY_HAND = "insert into tenants (slug, name, timezone, currency, country) values ('acme', 'Acme', 'Asia/Tokyo', 'JPY', 'JP')"


def url(settings: Settings) -> str:
    assert settings.oltp_url
    return settings.oltp_url


def test_adding_a_tenant_makes_its_row_on_both_sides_and_a_key(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    added = add_tenant(clickhouse, url(settings), "acme", name="Acme", timezone="Europe/Berlin", currency="USD", country="DE")
    row = oltp.execute("select slug, name, timezone, currency, country, plan from tenants").fetchall()
    assert row == [("acme", "Acme", "Europe/Berlin", "USD", "DE", "standard")]
    (listed,) = list_tenants(clickhouse)
    assert (listed["tenant_id"], listed["oltp_id"], listed["timezone"]) == ("acme", added.oltp_id, "Europe/Berlin")
    assert listed["key_prefixes"] == [added.write_key[:8]]
    assert read_active_keys(clickhouse) == {hash_write_key(added.write_key): "acme"}
    zones = clickhouse.query(
        "select tenant_id, timezone, toString(valid_from) from governance.tenant_timezones final"
    ).result_rows
    assert zones == [("acme", "Europe/Berlin", "1970-01-01 00:00:00.000")]


def test_the_write_key_itself_is_stored_nowhere(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    key = add_tenant(clickhouse, url(settings), "acme").write_key
    stored = clickhouse.query("select * from governance.write_keys").result_rows
    assert key not in str(stored)


def test_an_existing_backend_row_is_adopted_as_it_is(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    oltp.execute(ADD_BY_HAND)
    added = add_tenant(clickhouse, url(settings), "acme")
    assert (added.adopted, added.name, added.timezone, added.currency) == (True, "Acme", "Asia/Tokyo", "JPY")
    assert oltp.execute("select count(*) from tenants").fetchone() == (1,)


def test_an_option_that_contradicts_the_backend_is_an_error(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    oltp.execute(ADD_BY_HAND)
    with pytest.raises(TenantExistsError, match="timezone 'Asia/Tokyo', not 'UTC'"):
        add_tenant(clickhouse, url(settings), "acme", timezone="UTC")
    assert list_tenants(clickhouse) == []


def test_adding_a_tenant_twice_names_rotate_key(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    add_tenant(clickhouse, url(settings), "acme")
    with pytest.raises(TenantExistsError, match="gxy tenant rotate-key acme"):
        add_tenant(clickhouse, url(settings), "acme")
    assert len(read_active_keys(clickhouse)) == 1


def test_a_read_only_backend_is_adopted_from_and_never_written_to(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    read_only = url(settings) + ("&" if "?" in url(settings) else "?") + "options=-c%20default_transaction_read_only%3Don"
    with pytest.raises(BackendReadOnlyError, match="create the tenant in the backend first"):
        add_tenant(clickhouse, read_only, "acme")
    assert list_tenants(clickhouse) == []
    oltp.execute(ADD_BY_HAND)
    assert add_tenant(clickhouse, read_only, "acme").adopted


def test_an_unreachable_backend_is_an_error_without_its_password(clickhouse: Client, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachableError, match="GXY_OLTP_URL") as caught:
        add_tenant(clickhouse, "postgresql://reader:s3cret@127.0.0.1:1/shop", "acme")
    assert "s3cret" not in str(caught.value)
    assert list_tenants(clickhouse) == []


@pytest.mark.parametrize("slug", ["", "Acme", "a b", "-a", "a-", "a_b", "ä", "a" * 64, "a.b", "a'b"])
def test_a_slug_is_a_dns_label(clickhouse: Client, settings: Settings, slug: str) -> None:
    with pytest.raises(InvalidTenantError, match="is no slug"):
        add_tenant(clickhouse, url(settings), slug)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("timezone", "Mars/Olympus", "no time zone"), ("currency", "euro", "no currency"), ("country", "Germany", "no country")],
)
def test_options_are_checked_before_anything_is_written(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings, option: str, value: str, message: str
) -> None:
    with pytest.raises(InvalidTenantError, match=message):
        add_tenant(clickhouse, url(settings), "acme", **{option: value})
    assert oltp.execute("select count(*) from tenants").fetchone() == (0,)


def test_an_older_key_works_until_its_overlap_ends(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    first = add_tenant(clickhouse, url(settings), "acme").write_key
    second = rotate_write_key(clickhouse, "acme", overlap=timedelta(hours=1))
    assert set(read_active_keys(clickhouse)) == {hash_write_key(first), hash_write_key(second)}
    third = rotate_write_key(clickhouse, "acme")
    assert set(read_active_keys(clickhouse)) == {hash_write_key(third)}


def test_rotating_the_key_of_nobody_is_an_error(clickhouse: Client) -> None:
    with pytest.raises(UnknownTenantError, match="gxy tenant add nobody"):
        rotate_write_key(clickhouse, "nobody")


def run(settings: Settings, *arguments: str) -> Result:
    environment = {
        "GXY_CLICKHOUSE_URL": settings.clickhouse_url,
        "GXY_OLTP_URL": settings.oltp_url,
        "GXY_DATA_DIR": str(settings.data_dir),
    }
    return CliRunner().invoke(tenant, list(arguments), env=environment, catch_exceptions=False)


def test_the_commands_speak_json(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    added = json.loads(run(settings, "add", "acme", "--timezone", "Europe/Paris", "--json").output)
    assert (added["tenant_id"], added["slug"], added["timezone"]) == ("acme", "acme", "Europe/Paris")
    rotated = json.loads(run(settings, "rotate-key", "acme", "--overlap-hours", "0", "--json").output)
    assert read_active_keys(clickhouse) == {hash_write_key(rotated["write_key"]): "acme"}
    (listed,) = json.loads(run(settings, "list", "--json").output)
    assert listed["key_prefixes"] == [rotated["write_key"][:8]]


def test_the_commands_speak_to_people(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    assert "write key: " in run(settings, "add", "acme").output
    assert "Older keys of acme end in 24 h." in run(settings, "rotate-key", "acme").output
    assert "acme" in run(settings, "list").output
