"""A tenant that leaves a MySQL/MariaDB backend: seen as gone, removed, and not read again, whatever the backend still lists.

What a removal does is proved in `test_tenant_removal`, over PostgreSQL. Skipped, and said so, where MariaDB is not installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER, SHOP, rows
from extraction_world import extract as extract_one
from lifecycle_world import counts, fill_everywhere
from mariadb import NEEDS_MARIADB, MariaDb, run, running_mariadb

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.governance.lifecycle import removing
from gxy_analytics.governance.lifecycle.mirror import follow_backend
from gxy_analytics.governance.lifecycle.removals import BACKEND, list_removals
from gxy_analytics.governance.lifecycle.removing import run_due_removals
from gxy_analytics.governance.lifecycle.states import state_of
from gxy_analytics.governance.tenants.tenants import RemovedTenantError, add_tenant
from gxy_analytics.settings import Settings

pytestmark = NEEDS_MARIADB
WELL_DUE = timedelta(days=60)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, clickhouse: Client) -> Iterator[None]:
    """Neither a door nor old parts are waited for: `test_removal_http` does."""
    monkeypatch.setattr(removing, "DOOR_SECONDS", 0.0)
    monkeypatch.setattr(removing, "tenant_parts_left", lambda *_: [])
    yield
    clickhouse.command("system start ttl merges")


@pytest.fixture
def shop() -> Iterator[MariaDb]:
    with running_mariadb() as server:
        execute(server, SHOP)
        yield server


def execute(server: MariaDb, script: str) -> None:
    with server.connect() as connection:
        run(connection, script)


def extract(server: MariaDb, client: Client) -> dict[str, tuple[str, ...]]:
    """Extract everything; returns the tenants that each table skipped."""
    with open_source(server.url) as source:
        reports = extract_all(source, client, master_key=MASTER)
    return {name: report.skipped for name, report in reports.items()}


def test_a_tenant_gone_from_the_backend_is_removed_and_what_the_backend_left_of_it_is_not_read(
    shop: MariaDb, clickhouse: Client, settings: Settings
) -> None:
    settings = settings.model_copy(update={"oltp_url": shop.url})
    extract(shop, clickhouse)
    names = fill_everywhere(clickhouse, "acme", "umbra")
    before = counts(clickhouse, names, "umbra")
    execute(shop, "set session foreign_key_checks = 0;\ndelete from tenants where slug = 'acme';\n")
    with open_source(shop.url) as source:
        extract_one("tenants", source, clickhouse)  # the rows made up above are not in the backend
    assert follow_backend(clickhouse, settings).leaving == ("acme",)
    assert state_of(clickhouse, "acme").status == "removing"
    (done,) = run_due_removals(clickhouse, settings, datetime.now(UTC) + WELL_DUE)
    assert (done.tenant_id, done.state, done.asked_by) == ("acme", "removed", BACKEND), done.error
    assert not any(counts(clickhouse, names, "acme").values())
    assert counts(clickhouse, names, "umbra") == before

    execute(
        shop,
        "update orders set grand_total = grand_total + 1, updated_at = utc_timestamp();\n"
        "insert into tenants (slug, name) values ('acme', 'Acme anew');\n",
    )
    skipped = extract(shop, clickhouse)
    assert set(skipped.values()) == {("acme",)}
    assert not any(counts(clickhouse, names, "acme").values())
    assert rows(clickhouse, "select toString(grand_total) from raw.oltp_orders final where order_id = 2") == [("10.99",)]
    assert rows(clickhouse, "select count() from governance.extraction_rejects where row_key != ''") == [(0,)]
    with pytest.raises(RemovedTenantError, match="gxy tenant add acme --again"):
        add_tenant(clickhouse, shop.url, "acme")
    assert follow_backend(clickhouse, settings).leaving == ()
    assert [removal.state for removal in list_removals(clickhouse)] == ["removed"]
