"""Tenants as extracted: published with effective-dated zones; a slug never changes."""

from __future__ import annotations

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import extract, extract_these, rows

from gxy_analytics.extraction.source import Source
from gxy_analytics.extraction.tenant_registry import EmptyBackendError


def test_a_moved_tenant_gets_its_new_zone_from_the_extraction_on(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    zones = (
        "select timezone, toUnixTimestamp(valid_from) = 0 from governance.tenant_timezones final "
        "where tenant_id = 'acme' order by valid_from"
    )
    assert rows(clickhouse, zones) == [("Europe/Berlin", 1)]
    oltp.execute("update tenants set timezone = 'Asia/Tokyo', updated_at = now() at time zone 'utc' where slug = 'acme'")
    extract("tenants", source, clickhouse)
    extract("tenants", source, clickhouse)
    assert rows(clickhouse, zones) == [("Europe/Berlin", 1), ("Asia/Tokyo", 0)]
    assert rows(clickhouse, "select timezone from governance.tenants final where tenant_id = 'acme'") == [("Asia/Tokyo",)]


def test_a_zone_that_is_none_is_rejected_and_the_old_one_stays(
    source: Source, oltp: psycopg.Connection, clickhouse: Client
) -> None:
    extract("tenants", source, clickhouse)
    oltp.execute("update tenants set timezone = 'Mars/Olympus', updated_at = now() at time zone 'utc' where slug = 'acme'")
    assert extract("tenants", source, clickhouse).rejected == 1
    assert rows(clickhouse, "select timezone from governance.tenants final where tenant_id = 'acme'") == [("Europe/Berlin",)]


def test_a_renamed_slug_is_rejected(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract("tenants", source, clickhouse)
    oltp.execute("update tenants set slug = 'acme2', updated_at = now() at time zone 'utc' where slug = 'acme'")
    assert extract("tenants", source, clickhouse).rejected == 1
    assert rows(clickhouse, "select tenant_id from governance.tenants final order by 1") == [("acme",), ("umbra",)]


def test_a_deleted_tenant_is_published_as_deleted(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    oltp.execute("insert into tenants (slug, name) values ('gone', 'Gone')")
    extract("tenants", source, clickhouse)
    oltp.execute("delete from tenants where slug = 'gone'")
    oltp.execute("insert into tenants (slug, name) values ('fresh', 'Fresh')")
    extract("tenants", source, clickhouse)
    assert rows(clickhouse, "select tenant_id, status from governance.tenants final order by 1") == [
        ("acme", "active"), ("fresh", "active"), ("gone", "deleted"), ("umbra", "active"),
    ]  # fmt: skip


def test_a_backend_without_any_tenant_buries_nothing(source: Source, oltp: psycopg.Connection, clickhouse: Client) -> None:
    extract_these("tenants customers categories products orders", source, clickhouse)
    oltp.execute("truncate tenants, customers, categories, products, orders cascade")
    for name in ("tenants", "orders"):
        with pytest.raises(EmptyBackendError, match="GXY_OLTP_URL"):
            extract(name, source, clickhouse)
    assert rows(clickhouse, "select count() from raw.oltp_orders final where not is_deleted") == [(2,)]
