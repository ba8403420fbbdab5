"""What runs by itself: the nightly day, and the dimensions after a day was built without them."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest

from assets.automation import FOLLOW_DAYS
from assets.partitions import daily, range_tags, window_of
from assets.schedules import CRON, nightly
from gxy_analytics.warehouse.partitions import Window


@dg.asset(partitions_def=daily, backfill_policy=dg.BackfillPolicy.single_run())
def fact() -> None:
    """A table that is built by day."""


@dg.asset(deps=[fact], automation_condition=FOLLOW_DAYS)
def dimension() -> None:
    """A table that is built whole from it."""


DEFINITIONS = dg.Definitions(assets=[fact, dimension])


def test_a_dimension_follows_a_day_that_was_built_without_it_once() -> None:
    instance = dg.DagsterInstance.ephemeral()
    first = dg.evaluate_automation_conditions(DEFINITIONS, instance)
    assert first.total_requested == 0
    dg.materialize([fact], partition_key="2026-03-10", instance=instance)
    second = dg.evaluate_automation_conditions(DEFINITIONS, instance, cursor=first.cursor)
    assert second.get_num_requested(dimension.key) == 1
    third = dg.evaluate_automation_conditions(DEFINITIONS, instance, cursor=second.cursor)
    assert third.total_requested == 0


def test_a_run_that_builds_days_and_dimension_together_asks_for_nothing_more() -> None:
    instance = dg.DagsterInstance.ephemeral()
    first = dg.evaluate_automation_conditions(DEFINITIONS, instance)
    tags = {"dagster/partition": "2026-03-10"}
    DEFINITIONS.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance, tags=tags)
    second = dg.evaluate_automation_conditions(DEFINITIONS, instance, cursor=first.cursor)
    assert second.total_requested == 0


@pytest.mark.parametrize(("tick", "day"), [("2026-03-11 12:30", "2026-03-10"), ("2026-01-01 12:30", "2025-12-31")])
def test_the_nightly_tick_asks_for_the_day_that_every_zone_has_ended(tick: str, day: str) -> None:
    at = datetime.fromisoformat(tick).replace(tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=at) as context:
        request = nightly(context)
    assert isinstance(request, dg.RunRequest)
    assert str(window_of(request.tags)) == day
    assert request.run_key == f"nightly:{day}"
    assert CRON == "30 12 * * *"


def test_the_partitions_reach_the_day_that_has_begun_in_the_eastmost_zone() -> None:
    at = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)  # 11 March has just begun at UTC+14
    assert daily.get_partition_keys(current_time=at)[-1] == "2026-03-11"


def test_a_runs_tags_and_its_days_are_each_others_inverse() -> None:
    window = Window(datetime(2026, 3, 10, tzinfo=UTC).date(), datetime(2026, 3, 12, tzinfo=UTC).date())
    assert window_of(range_tags(window)) == window
    assert window_of({"dagster/partition": "2026-03-10"}) == Window(window.first, window.first)
    assert window_of({}) is None
