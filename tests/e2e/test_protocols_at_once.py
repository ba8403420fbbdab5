"""A world that speaks three protocols at once and loses one event in a hundred: the ledger balances, the loss is found."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from dbt.cli.main import dbtRunner
from fault_world import FaultWorld

from gxy_analytics.demo.account import Account
from gxy_analytics.demo.backend import Backend
from gxy_analytics.demo.protocols import MIXED, PROTOCOLS
from gxy_analytics.demo.sender import Sender
from gxy_analytics.demo.simulate import simulate
from gxy_analytics.demo.world import Plan
from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.settings import Settings
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR, dbt_environment
from tests.conftest import empty_backend

LOSS = 0.01
PLAN = Plan(tenants=2, days=2, end=date(2026, 11, 20), events_per_day=14_000, protocol=MIXED, loss=LOSS)
TENANTS = [shop.slug for shop in PLAN.shops]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultWorld]:
    started = FaultWorld(tmp_path_factory.mktemp("protocols") / "gxy")
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def account(world: FaultWorld, oltp_server: EmbeddedPostgres) -> Account:
    """The world played once, and loaded."""
    with connect(world.server.url, purpose="tests") as client:
        keys = {shop.slug: create_write_key(client, shop.slug) for shop in PLAN.shops}
    with (
        psycopg.connect(oltp_server.url, autocommit=True) as backend,
        Sender(f"http://127.0.0.1:{world.settings.ingest_port}") as sender,
    ):
        empty_backend(backend)
        for shop in PLAN.shops:
            backend.execute(
                "insert into tenants (slug, name, currency, timezone) values (%s, %s, %s, %s)",
                (shop.slug, shop.name, shop.currency, shop.timezone),
            )
        played = simulate(PLAN, sender, Backend(backend), keys)
    world.wait_until_loaded()
    return played


def test_the_ledger_balances_to_the_last_event_of_every_protocol(world: FaultWorld, account: Account) -> None:
    ledger = world.ask(
        "select tenant_id, sum(accepted), sum(inserted), sum(deduplicated), sum(rejected), sum(dropped) "
        "from governance.ingest_ledger group by tenant_id order by tenant_id"
    )
    expected = sorted(
        (slug, tenant.sent, tenant.unique, tenant.repeated, tenant.broken, 0) for slug, tenant in account.tenants.items()
    )
    assert ledger == expected
    spoken = Counter(dict(world.ask("select protocol, count() from raw.events group by protocol")))
    assert set(spoken) == set(PROTOCOLS)
    assert min(spoken.values()) > 0.2 * spoken.total()


def test_every_protocol_tells_the_same_story(world: FaultWorld, account: Account) -> None:
    """Each protocol has a third of the sessions: the share of every kind of event is alike, and so is what the events carry."""
    rows = world.ask(
        "select protocol, name, count() / sum(count()) over (partition by protocol), avg(notEmpty(items.product_id)) "
        "from raw.events where name not in ('custom:identify', 'identify', 'checkout_started', 'checkout_step') group by 1, 2"
    )
    shares = {(protocol, name): (share, with_items) for protocol, name, share, with_items in rows}
    names = {name for _, name in shares}
    assert len(names) == 9
    for name in names:
        mine = shares["native", name]
        for protocol in PROTOCOLS:
            share, with_items = shares[protocol, name]
            assert share == pytest.approx(mine[0], rel=0.25, abs=0.004), (protocol, name)
            assert with_items == mine[1], (protocol, name)


def test_gaps_in_the_clients_numbers_give_the_share_that_was_lost(world: FaultWorld, account: Account, tmp_path: Path) -> None:
    assert account.total("lost") == pytest.approx(LOSS * (account.total("unique") + account.total("lost")), rel=0.15)
    build(world.settings.model_copy(update={"clickhouse_url": world.server.url}), tmp_path)
    found = {
        protocol: (int(missing), int(places))
        for protocol, missing, places in world.ask(
            "select protocol, sum(missing_events), sum(places) from marts.tracking_loss_daily group by protocol"
        )
    }
    assert set(found) == {"native", "snowplow"}  # Segment's clients do not number their events
    for missing, places in found.values():
        sampling_error = 3.5 * (LOSS * (1 - LOSS) / places) ** 0.5
        assert abs(missing / places - LOSS) < sampling_error, (missing, places)


def build(settings: Settings, directory: Path) -> None:
    """The loss table and what it is made of, for every day."""
    paths = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    outputs = ["--target-path", str(directory / "target"), "--log-path", str(directory / "logs")]
    models = "stg_governance__tenant_timezones int_web__sequences tracking_loss_daily"
    with mock.patch.dict(os.environ, dbt_environment(settings)):
        result = dbtRunner().invoke(["--quiet", "run", "--select", models, *paths, *outputs])
    assert result.success, result.exception or [one.message for one in result.result]
