"""Following the backend: who is gone is stopped and leaves later, who comes back stays, many at once are not believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import extract, rows

from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.lifecycle.mirror import ManyGoneError, follow_backend
from gxy_analytics.governance.lifecycle.removals import BACKEND, ask_removal, list_removals, open_removal
from gxy_analytics.governance.lifecycle.states import state_of
from gxy_analytics.governance.retention.holds import place_hold
from gxy_analytics.settings import Settings


def add(oltp: psycopg.Connection, *slugs: str) -> None:
    for slug in slugs:
        oltp.execute("insert into tenants (slug, name) values (%s, %s)", (slug, slug))


def test_new_tenants_appear_closed_ones_stop_and_gone_ones_leave_after_the_delay(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, settings: Settings
) -> None:
    add(oltp, "gone", "closed")
    extract("tenants", source, clickhouse)
    assert follow_backend(clickhouse, settings).leaving == ()
    oltp.execute("delete from tenants where slug = 'gone'")
    oltp.execute("update tenants set status = 'closed', updated_at = now() at time zone 'utc' where slug = 'closed'")
    add(oltp, "fresh")
    extract("tenants", source, clickhouse)
    followed = follow_backend(clickhouse, settings)
    assert (followed.leaving, set(followed.stopped)) == (("gone",), {"gone", "closed"})
    found = rows(clickhouse, "select tenant_id, status from governance.tenants final order by 1")
    assert found == [
        ("acme", "active"), ("closed", "closed"), ("fresh", "active"), ("gone", "removing"), ("umbra", "active"),
    ]  # fmt: skip
    (removal,) = list_removals(clickhouse)
    assert (removal.tenant_id, removal.state, removal.asked_by) == ("gone", "asked", BACKEND)
    assert removal.due_at - datetime.now(UTC) > timedelta(days=29)
    assert follow_backend(clickhouse, settings).leaving == ()


def test_a_tenant_that_is_back_stays_unless_a_person_asked(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, settings: Settings
) -> None:
    add(oltp, "gone")
    extract("tenants", source, clickhouse)
    ask_removal(clickhouse, "umbra", reason="contract ended", after=timedelta(days=30))
    ((oltp_id,),) = oltp.execute("select id from tenants where slug = 'gone'").fetchall()
    oltp.execute("delete from tenants where slug = 'gone'")
    extract("tenants", source, clickhouse)
    follow_backend(clickhouse, settings)
    oltp.execute("insert into tenants (id, slug, name) values (%s, 'gone', 'Gone')", (oltp_id,))
    extract("tenants", source, clickhouse)
    assert follow_backend(clickhouse, settings).came_back == ("gone",)
    assert state_of(clickhouse, "gone").status == "active"
    assert open_removal(clickhouse, "umbra") is not None


def test_many_that_are_gone_at_once_are_not_believed(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, settings: Settings
) -> None:
    add(oltp, *(f"shop-{number}" for number in range(4)))
    extract("tenants", source, clickhouse)
    oltp.execute("delete from tenants where slug like 'shop-%'")
    extract("tenants", source, clickhouse)
    with pytest.raises(ManyGoneError, match=r"4 of 6 tenants.*GXY_OLTP_URL"):
        follow_backend(clickhouse, settings)
    assert list_removals(clickhouse) == []


def test_a_tenant_under_a_legal_hold_is_named_and_stays(
    source: Source, oltp: psycopg.Connection, clickhouse: Client, settings: Settings
) -> None:
    add(oltp, "gone")
    extract("tenants", source, clickhouse)
    place_hold(clickhouse, "gone", "court order", actor="counsel")
    oltp.execute("delete from tenants where slug = 'gone'")
    extract("tenants", source, clickhouse)
    followed = follow_backend(clickhouse, settings)
    assert (followed.held, followed.leaving) == (("gone",), ())
