"""`gxy tenant`: add, adopt, list, keys, policy, against a real ClickHouse and PostgreSQL."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import SourceUnreachableError
from gxy_analytics.governance.tenants.backend import BackendReadOnlyError
from gxy_analytics.governance.tenants.commands import NO_LOGIN, tenant
from gxy_analytics.governance.tenants.ingest_policy import DEFAULT_POLICY, Grant, IngestPolicy, InvalidPolicyError
from gxy_analytics.governance.tenants.tenants import (
    InvalidTenantError,
    TenantExistsError,
    UnknownTenantError,
    add_key,
    add_tenant,
    list_tenants,
    revoke_write_key,
    rotate_write_key,
    set_policy,
)
from gxy_analytics.governance.tenants.write_keys import (
    UnknownKeyError,
    create_write_key,
    hash_write_key,
    key_prefix,
    read_grants,
    revoke_keys,
)
from gxy_analytics.settings import Settings

ADD_BY_HAND = "insert into tenants (slug, name, timezone, currency, country) values ('acme', 'Acme', 'Asia/Tokyo', 'JPY', 'JP')"


def url(settings: Settings) -> str:
    assert settings.oltp_url
    return settings.oltp_url


def tenants_by_hash(client: Client) -> dict[str, str]:
    return {key_hash: grant.tenant_id for key_hash, grant in read_grants(client).items()}


def test_adding_a_tenant_makes_its_row_on_both_sides_and_a_key(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    added = add_tenant(clickhouse, url(settings), "acme", name="Acme", timezone="Europe/Berlin", currency="USD", country="DE")
    row = oltp.execute("select slug, name, timezone, currency, country, plan from tenants").fetchall()
    assert row == [("acme", "Acme", "Europe/Berlin", "USD", "DE", "standard")]
    (listed,) = list_tenants(clickhouse)
    assert (listed["tenant_id"], listed["oltp_id"], listed["timezone"]) == ("acme", added.oltp_id, "Europe/Berlin")
    assert listed["key_prefixes"] == [added.write_key[:8]]
    assert tenants_by_hash(clickhouse) == {hash_write_key(added.write_key): "acme"}
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
    assert len(tenants_by_hash(clickhouse)) == 1


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
    assert set(tenants_by_hash(clickhouse)) == {hash_write_key(first), hash_write_key(second)}
    third = rotate_write_key(clickhouse, "acme")
    assert set(tenants_by_hash(clickhouse)) == {hash_write_key(third)}


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
    assert not added["login_is_open"] and "gxy access apply" in added["note"], "no stack runs on this data directory"
    rotated = json.loads(run(settings, "rotate-key", "acme", "--overlap", "0", "--json").output)
    assert tenants_by_hash(clickhouse) == {hash_write_key(rotated["write_key"]): "acme"}
    (listed,) = json.loads(run(settings, "list", "--json").output)
    assert listed["key_prefixes"] == [rotated["write_key"][:8]]


def test_the_commands_speak_to_people(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    assert "write key: " in run(settings, "add", "acme").output
    assert NO_LOGIN in run(settings, "add", "brava", "--no-login").output
    assert "Older public keys of acme end in 24 h." in run(settings, "rotate-key", "acme").output
    assert "acme" in run(settings, "list").output


def test_a_secret_key_is_recognised_by_its_beginning_and_grants_as_one(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    public = add_tenant(clickhouse, url(settings), "acme").write_key
    secret = add_key(clickhouse, "acme", kind="secret")
    assert re.fullmatch("[0-9a-f]{32}", public)
    assert re.fullmatch("gxys_[0-9a-f]{32}", secret)
    grants = read_grants(clickhouse)
    assert grants == {hash_write_key(public): Grant("acme"), hash_write_key(secret): Grant("acme", is_secret=True)}
    (listed,) = list_tenants(clickhouse)
    assert listed["keys"] == [
        {"prefix": public[:8], "kind": "public", "until": ""},
        {"prefix": secret[:13], "kind": "secret", "until": ""},
    ]


def test_rotating_ends_the_keys_of_one_kind_and_names_when(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    public = add_tenant(clickhouse, url(settings), "acme").write_key
    old = add_key(clickhouse, "acme", kind="secret")
    new = rotate_write_key(clickhouse, "acme", overlap=timedelta(hours=24), kind="secret")
    grants = read_grants(clickhouse)
    assert {key: bool(grants[hash_write_key(key)].ends_ms) for key in (public, old, new)} == {
        public: False,
        old: True,
        new: False,
    }
    assert grants[hash_write_key(old)].ends_ms == pytest.approx((time.time() + 86_400) * 1000, abs=60_000)
    (listed,) = list_tenants(clickhouse)
    until = {key["prefix"]: key["until"] for key in listed["keys"]}
    assert until[key_prefix(public)] == until[key_prefix(new)] == ""
    assert datetime.fromisoformat(until[key_prefix(old)]).timestamp() == pytest.approx(time.time() + 86_400, abs=60)
    rotate_write_key(clickhouse, "acme", kind="secret")
    assert hash_write_key(old) not in read_grants(clickhouse)
    assert hash_write_key(public) in read_grants(clickhouse)


def test_one_key_is_revoked_by_its_prefix_and_the_others_stay(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    kept = add_tenant(clickhouse, url(settings), "acme").write_key
    leaked = add_key(clickhouse, "acme")
    other = create_write_key(clickhouse, "globex")
    with pytest.raises(UnknownKeyError, match=f"name one of {key_prefix(kept)}, {key_prefix(leaked)}"):
        revoke_write_key(clickhouse, "acme", key_prefix(other))
    with pytest.raises(UnknownKeyError):
        revoke_write_key(clickhouse, "acme", "")
    revoke_write_key(clickhouse, "acme", key_prefix(leaked))
    assert set(read_grants(clickhouse)) == {hash_write_key(kept), hash_write_key(other)}
    with pytest.raises(UnknownTenantError):
        revoke_write_key(clickhouse, "nobody", key_prefix(kept))


def test_a_policy_reaches_every_key_of_its_tenant_and_of_no_other(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    acme = add_tenant(clickhouse, url(settings), "acme").write_key
    globex = add_tenant(clickhouse, url(settings), "globex").write_key
    changes = {
        "origins": ["https://shop.example", "https://*.shop.example"],
        "events_per_second": 100,
        "events_burst": 500,
        "bytes_per_second": 10_000,
        "bytes_burst": 3_000_000,
        "ip": "drop",
        "is_cookieless": True,
        "honours_gpc": False,
        "honours_dnt": True,
        "url_parameters": ["variant"],
        "consent_required": ["analytics"],
    }
    policy = set_policy(clickhouse, "acme", changes)
    assert policy == IngestPolicy(**{name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()})
    assert set_policy(clickhouse, "acme", {}) == policy
    grants = read_grants(clickhouse)
    assert (grants[hash_write_key(acme)].policy, grants[hash_write_key(globex)].policy) == (policy, DEFAULT_POLICY)
    set_policy(clickhouse, "acme", {"ip": "truncate"})
    assert read_grants(clickhouse)[hash_write_key(acme)].policy.ip == "truncate"
    assert read_grants(clickhouse)[hash_write_key(acme)].policy.is_cookieless
    revoke_keys(clickhouse, "acme")
    assert set(read_grants(clickhouse)) == {hash_write_key(globex)}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("origins", ["shop.example"], "origin 'shop.example' is none: use scheme://host"),
        ("origins", ["https://shop.example/path"], "without a path"),
        ("origins", ["https://*.com"], "at least two labels"),
        ("origins", ["https://shop.example:70000"], "is none"),
        ("origins", [f"https://{n}.example.com" for n in range(201)], "at most 200"),
        ("events_per_second", -1, "events_per_second -1 cannot be: use 0"),
        ("bytes_burst", 10**13, "bytes_burst"),
        ("ip", "hash", "ip"),
        ("url_parameters", ["a=b"], "url_parameters: 'a=b'"),
        ("consent_required", ["ad storage"], "consent_required: 'ad storage'"),
    ],
)
def test_a_policy_that_cannot_be_is_an_error_that_names_the_field_and_changes_nothing(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings, field: str, value: Any, message: str
) -> None:
    add_tenant(clickhouse, url(settings), "acme")
    with pytest.raises(InvalidPolicyError, match=re.escape(message)):
        set_policy(clickhouse, "acme", {field: value})
    assert set_policy(clickhouse, "acme", {}) == DEFAULT_POLICY


def test_the_policy_command_changes_what_it_is_told_and_shows_it(
    clickhouse: Client, oltp: psycopg.Connection, settings: Settings
) -> None:
    run(settings, "add", "acme", "--json")
    options = ["--origin", "https://Shop.example:443", "--origin", "https://*.shop.example", "--events-per-second", "50"]
    options += ["--cookieless", "--honour-dnt", "--ip", "drop", "--require-consent", "analytics", "--url-parameter", "variant"]
    changed = json.loads(run(settings, "policy", "acme", *options, "--json").output)
    assert changed["origins"] == ["https://shop.example", "https://*.shop.example"]
    assert (changed["tenant_id"], changed["events_per_second"], changed["ip"]) == ("acme", 50, "drop")
    assert (changed["is_cookieless"], changed["honours_dnt"], changed["honours_gpc"]) == (True, True, True)
    assert (changed["consent_required"], changed["url_parameters"]) == (["analytics"], ["variant"])
    assert json.loads(run(settings, "policy", "acme", "--json").output) == changed
    back = json.loads(run(settings, "policy", "acme", "--no-cookieless", "--reset", "origins", "--json").output)
    assert back == {**changed, "is_cookieless": False, "origins": []}
    assert "within 5 seconds" in run(settings, "policy", "acme", "--ignore-gpc").output
    with pytest.raises(UnknownTenantError):
        run(settings, "policy", "nobody")


def test_the_key_commands_speak_to_scripts_and_people(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> None:
    run(settings, "add", "acme")
    made = json.loads(run(settings, "add-key", "acme", "--secret", "--json").output)
    assert (made["slug"], made["kind"], made["write_key"][:5]) == ("acme", "secret", "gxys_")
    assert "A browser must never see it." in run(settings, "add-key", "acme", "--secret").output
    rotated = json.loads(run(settings, "rotate-key", "acme", "--overlap", "90m", "--secret", "--json").output)
    assert (rotated["kind"], rotated["overlap_hours"]) == ("secret", 1.5)
    assert "is no duration" in run(settings, "rotate-key", "acme", "--overlap", "5").output
    assert "revoked key" in run(settings, "revoke-key", "acme", key_prefix(made["write_key"])).output
    (listed,) = json.loads(run(settings, "list", "--json").output)
    assert sorted(key["kind"] for key in listed["keys"]) == ["public", "secret", "secret"]
