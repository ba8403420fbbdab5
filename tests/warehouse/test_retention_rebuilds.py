"""A day whose events went stays in the marts as it was built, whatever is built again; a neighbour's late events still count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from dbt_world import DbtWorld, dbt_world
from retention_world import EPOCH, put

from gxy_analytics.governance.retention.apply import apply
from gxy_analytics.governance.retention.periods import set_period
from gxy_analytics.quality.ledger import check_session_events, check_staged_events
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.partitions import Window

DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOW = DAY + timedelta(days=40)
MODELS = ("run", "--select", "+product_daily", "+funnel_daily", "+tracking_loss_daily", "int_web__sightings")
MARTS = ("marts.fct_sessions", "marts.funnel_daily", "marts.product_daily", "marts.tracking_loss_daily")
TENANTS = ("brief", "long")


def browse(world: DbtWorld, tenant: str, start: datetime, visitor: str) -> None:
    """Three product views, a minute apart."""
    minutes = [(n, start + timedelta(minutes=n)) for n in range(3)]
    rows = [[tenant, uuid4(), "product_viewed", at, start, visitor, "c", n + 1, "s", "web", ["7"]] for n, at in minutes]
    who = "anonymous_id customer_pid session_seq session_id protocol items.product_id"
    put(world.client, "raw.events", f"tenant_id event_id name event_time received_at {who}", rows)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbtWorld]:
    """Three days of two tenants with a visit across midnight, built."""
    directory = tmp_path_factory.mktemp("rebuilds")
    with dbt_world(directory) as world:
        put(world.client, "governance.tenants", "tenant_id changed_at", [[tenant, NOW] for tenant in TENANTS])
        put(world.client, "governance.tenant_timezones", "tenant_id timezone valid_from", [[t, "UTC", EPOCH] for t in TENANTS])
        for tenant in TENANTS:
            for day in range(3):
                browse(world, tenant, DAY + timedelta(days=day), "noon")
            browse(world, tenant, DAY.replace(hour=23, minute=59), "midnight")
        world.build(what=MODELS)
        yield world


@pytest.fixture(scope="module")
def before(world: DbtWorld) -> dict[str, list[tuple[object, ...]]]:
    """The marts as they were before the first day's events of one tenant went, and what came after midnight with them."""
    found = numbers(world)
    assert all(found.values())
    settings = Settings(data_dir=world.directory / "gxy")
    set_period(world.client, settings, "brief", "raw.events", 39, actor="test")
    apply(world.client, settings, NOW, uuid4())
    assert world.rows("select tenant_id, count() from raw.events where event_time < '2026-03-12' group by 1 order by 1") == [
        ("brief", 3),
        ("long", 9),
    ]
    assert world.rows("select local_date from governance.retention_frozen_days where tenant_id = 'brief' order by 1") == [
        ((DAY + timedelta(days=n)).date(),) for n in (0, 1, 2)
    ]
    return found


def numbers(world: DbtWorld, condition: str = "1") -> dict[str, list[tuple[object, ...]]]:
    return {table: world.rows(f"select * from {table} where {condition} order by all") for table in MARTS}


@pytest.mark.parametrize(
    ("window", "how"),
    [(("2026-03-10", "2026-03-11"), ()), (("2026-03-11", "2026-03-13"), ()), (("", ""), ()), (("", ""), ("--full-refresh",))],
    ids=["the day", "the days after", "every day", "a full refresh"],
)
def test_what_is_built_again_is_what_it_was(
    world: DbtWorld, before: dict[str, list[tuple[object, ...]]], window: tuple[str, str], how: tuple[str, ...]
) -> None:
    world.build(*window, what=(*MODELS, *how))
    assert numbers(world) == before
    assert check_session_events(world.client).passed
    assert check_staged_events(world.client, Window(DAY.date(), NOW.date())).passed


def test_late_events_of_another_tenant_still_count_on_that_day(
    world: DbtWorld, before: dict[str, list[tuple[object, ...]]]
) -> None:
    of_brief = numbers(world, "tenant_id = 'brief'")
    for tenant in TENANTS:
        browse(world, tenant, DAY.replace(hour=15), "late")
    world.build("2026-03-10", "2026-03-11", what=MODELS)
    assert numbers(world, "tenant_id = 'brief'") == of_brief
    late = "select tenant_id, sum(events) from marts.fct_sessions where local_date = '2026-03-10' group by 1 order by 1"
    assert world.rows(late) == [("brief", 6), ("long", 9)]
    assert check_session_events(world.client).passed
    assert check_staged_events(world.client, Window(DAY.date(), NOW.date())).passed
