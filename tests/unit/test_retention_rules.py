"""Every table has a rule or a reason; periods are whole local days and calendar months, never early and hardly late."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.retention.arithmetic import (
    Period,
    beginning,
    fewest_days,
    first_kept_day,
    longest_days,
    months_before,
)
from gxy_analytics.governance.retention.periods import PeriodOutOfBoundsError, period_of, require_bounds
from gxy_analytics.governance.retention.rules import UnknownRuleError, kept, rule_named, rules
from gxy_analytics.quality.ddl import ddl_tables
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.manifest import prepared_manifest

# From July 2001: Kiritimati had no 31 December 1994, and the longest period here is 2,000 days.
INSTANTS = st.integers(993_945_600, 2_840_140_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = st.sampled_from(
    [
        "",
        "UTC",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "America/Sao_Paulo",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ]
)
PERIODS = st.one_of(st.builds(Period, months=st.integers(1, 60)), st.builds(Period, days=st.integers(0, 2000)))


def months_after(day: date, months: int) -> date:
    return months_before(day, -months)


def tables_of_the_warehouse() -> set[str]:
    """What migrations and dbt make, but for views, which hold nothing."""
    nodes = json.loads(prepared_manifest().read_text())["nodes"].values()
    models = {
        f"{node['schema']}.{node['alias']}"
        for node in nodes
        if node["resource_type"] in ("model", "seed") and node["config"]["materialized"] not in ("view", "ephemeral")
    }
    return models | {f"{database}.{table}" for database, table in ddl_tables()} | {"governance.schema_migrations"}


def uncovered(tables: set[str]) -> set[str]:
    return tables - {rule.table for rule in rules()} - set(kept())


def test_every_table_has_a_rule_or_a_reason_to_be_kept() -> None:
    assert uncovered(tables_of_the_warehouse()) == set(), "write down in defaults.toml how long this is kept, and why"


def test_a_new_table_is_noticed() -> None:
    assert uncovered({"marts.brand_new", "raw.events", "marts.sales_daily"}) == {"marts.brand_new"}


def test_every_table_of_the_rules_is_there_and_has_one_place() -> None:
    ruled = {rule.table for rule in rules()}
    assert (ruled | set(kept())) - tables_of_the_warehouse() == set()
    assert ruled & set(kept()) == set()


def test_what_has_a_period_says_why_and_what_can_be_held_has_no_ttl() -> None:
    for rule in rules():
        assert rule.reason
        assert rule.keeper == "job" or rule.nobody, f"{rule.name}: the engine would drop what is under a hold"
        assert (rule.setting or rule.days or rule.months) if rule.has_period else not (rule.days or rule.months)
        assert len(rule.people) <= 3
    assert all(kept().values())


@given(now=INSTANTS, zone=ZONES, period=PERIODS)
def test_nothing_goes_before_its_period_is_over(now: datetime, zone: str, period: Period) -> None:
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    newest_going = first_kept_day(now, zone, period) - timedelta(days=1)
    assert months_after(newest_going + timedelta(days=period.days), period.months) < today
    assert (today - newest_going).days > fewest_days(period)


@given(now=INSTANTS, zone=ZONES, period=PERIODS)
def test_everything_goes_soon_after_its_period_is_over(now: datetime, zone: str, period: Period) -> None:
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    assert (today - first_kept_day(now, zone, period)).days <= longest_days(period) + 1


@given(now=INSTANTS, later=st.timedeltas(timedelta(0), timedelta(days=400)), zone=ZONES, period=PERIODS)
def test_what_is_over_stays_over(now: datetime, later: timedelta, zone: str, period: Period) -> None:
    assert first_kept_day(now + later, zone, period) >= first_kept_day(now, zone, period)


@given(now=INSTANTS, zone=ZONES, days=st.integers(0, 2000))
def test_the_first_kept_day_begins_with_its_first_instant_there(now: datetime, zone: str, days: int) -> None:
    there = ZoneInfo(zone or "UTC")
    day = first_kept_day(now, zone, Period(days=days))
    instant = beginning(day, zone)
    assert instant.astimezone(there).date() == day
    assert (instant - timedelta(minutes=1)).astimezone(there).date() < day or instant.astimezone(there).fold
    assert timedelta(days=days) - timedelta(hours=2) <= now - instant < timedelta(days=days + 1) + timedelta(hours=2)


@given(day=st.dates(date(1990, 1, 1), date(2100, 1, 1)), months=st.integers(0, 120))
def test_months_are_the_calendars(day: date, months: int) -> None:
    before = months_before(day, months)
    assert (day.year - before.year) * 12 + day.month - before.month == months
    assert before.day == day.day or (before.day < day.day and (before + timedelta(days=1)).day == 1)


def test_the_end_of_february() -> None:
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2024, 3, 31), 1) == date(2024, 2, 29)
    assert months_before(date(2026, 1, 15), 37) == date(2022, 12, 15)


@pytest.mark.parametrize("days", [35, 100, 760])
def test_a_tenant_may_choose_within_the_bounds(days: int) -> None:
    require_bounds(rule_named("raw.events"), Settings(), days)
    assert period_of(rule_named("raw.events"), "a", Settings(), {("a", "raw.events"): days}) == Period(days=days)


@pytest.mark.parametrize(
    ("rule", "days"), [("raw.events", 34), ("raw.events", 761), ("raw.events_rejected", 91), ("raw.events_rejected", 6)]
)
def test_a_tenant_may_not_choose_beyond_them(rule: str, days: int) -> None:
    with pytest.raises(PeriodOutOfBoundsError, match=f"not {days}"):
        require_bounds(rule_named(rule), Settings(), days)


def test_a_platform_that_keeps_less_than_a_tenant_chose_wins() -> None:
    shorter = Settings(raw_events_ttl_days=60)
    assert period_of(rule_named("raw.events"), "a", shorter, {("a", "raw.events"): 100}) == Period(days=60)


def test_what_goes_with_its_events_has_no_period_of_its_own() -> None:
    with pytest.raises(UnknownRuleError, match=r"raw\.events, "):
        rule_named("staging.stg_web__events")
