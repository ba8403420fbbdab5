"""What is over goes, by table and tenant; what is not, stays; what is held stays for ever; and the books say all of it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from retention_world import NOW, ago, behaviour_tables, count, dead_letters, events, put, tenants, visit

from gxy_analytics.governance.retention.apply import Applied, apply
from gxy_analytics.governance.retention.holds import lift_hold, place_hold
from gxy_analytics.governance.retention.periods import PeriodOutOfBoundsError, set_period
from gxy_analytics.governance.retention.plan import plan
from gxy_analytics.governance.suppressions import identity_hash
from gxy_analytics.quality.ledger import check_raw_events, check_session_events, check_staged_events
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.partitions import Window

RUNS = "governance.retention_runs final"


@pytest.fixture
def world(clickhouse: Client) -> Client:
    tenants(clickhouse)
    behaviour_tables(clickhouse)
    return clickhouse


def run(client: Client, settings: Settings, now=NOW) -> dict[str, Applied]:
    return {applied.rule.name: applied for applied in apply(client, settings, now, uuid4())}


def test_what_is_over_goes_and_nothing_else(world: Client, settings: Settings) -> None:
    for tenant in ("kiwi", "surf"):
        events(world, tenant, [ago(770), ago(765)])
        events(world, tenant, [ago(755), ago(1)])
        dead_letters(world, tenant, [ago(91), ago(100), ago(80)])
    done = run(world, settings)
    assert (done["raw.events"].rows, done["raw.events_rejected"].rows, done["governance.ingest_ledger"].rows) == (4, 4, 2)
    assert count(world, "raw.events") == 4
    assert (
        count(world, "raw.events", "received_at < now64() and event_time >= toDateTime64('2024-05-16 00:00:00', 3, 'UTC')") == 4
    )
    assert count(world, "raw.events_rejected") == 2
    assert all(applied.rows == 0 for applied in run(world, settings).values())


def test_a_tenant_that_chose_less_loses_its_own_rows_only(world: Client, settings: Settings) -> None:
    for tenant in ("kiwi", "surf"):
        events(world, tenant, [ago(60), ago(50), ago(30)])
    set_period(world, settings, "surf", "raw.events", 40, actor="test")
    assert [
        (over.tenant_id, over.rows)
        for rule in plan(world, settings, NOW)
        for over in rule.going
        if rule.rule.name == "raw.events"
    ] == [
        ("surf", 1),
        ("surf", 1),
    ]
    run(world, settings)
    assert count(world, "raw.events", "tenant_id = 'kiwi'") == 3
    assert count(world, "raw.events", "tenant_id = 'surf'") == 1


def test_a_hold_on_a_tenant_wins_until_it_is_lifted(world: Client, settings: Settings) -> None:
    events(world, "kiwi", [ago(900)])
    dead_letters(world, "kiwi", [ago(900)])
    events(world, "surf", [ago(900)])
    hold = place_hold(world, "kiwi", "a dispute", actor="counsel")
    done = run(world, settings)
    assert done["raw.events"].rows == 1
    assert done["raw.events"].held == 1
    assert (count(world, "raw.events"), count(world, "raw.events_rejected")) == (1, 1)
    lift_hold(world, hold.hold_id, actor="counsel")
    run(world, settings)
    assert (count(world, "raw.events"), count(world, "raw.events_rejected")) == (0, 0)


def test_a_hold_on_a_customer_keeps_her_rows_and_those_of_her_browsers(world: Client, settings: Settings) -> None:
    events(world, "kiwi", [ago(900)], customer="her-pid", browser="her-phone")
    events(world, "kiwi", [ago(899), ago(898)], browser="her-phone")
    events(world, "kiwi", [ago(900)], customer="his-pid", browser="his-phone")
    events(world, "surf", [ago(900)], customer="her-pid", browser="her-phone")
    dead_letters(world, "kiwi", [ago(900)])
    dead_letters(world, "surf", [ago(900)])
    place_hold(world, "kiwi", "a dispute", actor="counsel", subject_hash=identity_hash("kiwi", "customer", "her-pid"))
    run(world, settings)
    assert world.query("select distinct toString(tenant_id), anonymous_id from raw.events").result_rows == [("kiwi", "her-phone")]
    assert count(world, "raw.events") == 3
    assert count(world, "raw.events_rejected", "tenant_id = 'kiwi'") == 1, "a dead letter may be hers"
    assert count(world, "raw.events_rejected") == 1


def test_columns_about_visitors_are_emptied_earlier_than_events_go(world: Client, settings: Settings) -> None:
    events(world, "kiwi", [ago(400), ago(390)])
    assert run(world, settings)["raw.events:visitor"].rows == 1
    assert world.query("select network_id, traits from raw.events order by event_time").result_rows == [
        ("", ""),
        ("net-1", '{"plan": "gold"}'),
    ]
    assert run(world, settings)["raw.events:visitor"].rows == 0


def test_what_was_computed_from_events_goes_with_them_and_sessions_stay_for_their_own_time(
    world: Client, settings: Settings
) -> None:
    for days in (1300, 800, 700):
        events(world, "kiwi", [ago(days)])
        visit(world, "kiwi", (ago(days) + timedelta(hours=12)).date())  # the day in Auckland
    run(world, settings)
    assert count(world, "raw.events") == 1
    assert count(world, "staging.stg_web__events") == count(world, "staging.int_web__sightings") == 1
    assert count(world, "marts.fct_sessions") == 2


def test_imported_old_events_live_as_long_as_others_and_do_not_flap(world: Client, settings: Settings) -> None:
    events(world, "kiwi", [ago(1500)], received=ago(2))
    visit(world, "kiwi", ago(1500).date())
    for days in range(3):
        done = run(world, settings, NOW + timedelta(days=days))
        assert all(applied.rows == 0 for applied in done.values())
    assert count(world, "marts.fct_sessions") == count(world, "raw.events") == 1


def test_rows_that_share_a_part_with_others_go_alone(world: Client, settings: Settings) -> None:
    events(world, "kiwi", [ago(800)])
    events(world, "surf", [ago(800)], received=ago(10))
    world.command("optimize table raw.events final")
    run(world, settings)
    assert world.query("select toString(tenant_id) from raw.events").result_rows == [("surf",)]


def test_the_ledger_balances_after_rows_went(world: Client, settings: Settings) -> None:
    now = NOW.now(NOW.tzinfo)
    events(world, "kiwi", [now - timedelta(days=n) for n in (900, 850, 800, 700, 3)])
    events(world, "kiwi", [now - timedelta(days=900)])
    assert check_raw_events(world).passed
    run(world, settings, now)
    assert count(world, "raw.events") == 2
    assert count(world, "governance.ingest_ledger") == 1
    assert check_raw_events(world).passed
    world.command("alter table raw.events delete where event_time > now64() - interval 5 day settings mutations_sync = 2")
    assert not check_raw_events(world).passed


def test_checks_leave_out_days_that_lost_events(world: Client, settings: Settings) -> None:
    for days in (801, 800, 700):
        events(world, "kiwi", [ago(days)])
        visit(world, "kiwi", (ago(days) + timedelta(hours=12)).date())
    window = Window(ago(801).date(), ago(690).date())
    assert check_staged_events(world, window).passed
    run(world, settings)
    assert check_staged_events(world, window).passed
    assert check_session_events(world).passed
    world.command("alter table staging.stg_web__events delete where 1 settings mutations_sync = 2")
    assert not check_staged_events(world, window).passed
    assert not check_session_events(world).passed


def test_the_books_say_what_went(world: Client, settings: Settings) -> None:
    events(world, "kiwi", [ago(900), ago(900) + timedelta(minutes=1)])
    run(world, settings)
    rows = world.query(
        f"select tenant_id, state, rows, events, bytes > 0, toString(first_at) from {RUNS} where rule_name = 'raw.events'"
    ).result_rows
    assert rows == [("kiwi", "done", 2, 2, True, ago(900).strftime("%Y-%m-%d %H:%M:%S.000"))]
    acts = world.query("select action, sum(rows) from governance.audit_entries group by 1").result_rows
    assert ("retention.applied", 3) in acts


@pytest.mark.parametrize(
    ("rule", "days"), [("raw.events", 34), ("raw.events", 761), ("marts.fct_sessions", 100), ("governance.reconciliation", 90)]
)
def test_a_period_out_of_bounds_is_refused(world: Client, settings: Settings, rule: str, days: int) -> None:
    with pytest.raises(PeriodOutOfBoundsError):
        set_period(world, settings, "kiwi", rule, days, actor="test")
    assert count(world, "governance.retention_periods") == 0


def test_sessions_may_be_kept_shorter_once_events_are(world: Client, settings: Settings) -> None:
    set_period(world, settings, "kiwi", "raw.events", 90, actor="test")
    set_period(world, settings, "kiwi", "marts.fct_sessions", 100, actor="test")
    with pytest.raises(PeriodOutOfBoundsError, match=r"shorten raw\.events first"):
        set_period(world, settings, "kiwi", "raw.events", 0, actor="test")


def test_a_day_that_waits_to_be_built_again_keeps_its_events_until_then(world: Client, settings: Settings) -> None:
    events(world, "kiwi", [ago(900)])
    day = (ago(900) + timedelta(hours=12)).date()
    put(world, "governance.day_builds", "local_date arrived built_at", [[day, 0, NOW]])
    assert "1 days got rows" in run(world, settings)["raw.events"].waits_for
    assert count(world, "raw.events") == 1
    put(world, "governance.day_builds", "local_date arrived built_at", [[day, 1, NOW + timedelta(seconds=1)]])
    assert run(world, settings)["raw.events"].rows == 1
