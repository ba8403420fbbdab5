"""When tables that are built whole follow the days they are made from, and the sensor that evaluates it."""

from __future__ import annotations

import dagster as dg

FOLLOW_DAYS = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    & ~dg.AutomationCondition.in_progress()
    & ~dg.AutomationCondition.any_deps_in_progress()
).with_label("a table it is made from was built in another run")
"""Not `eager()`: that waits until no upstream day is missing, and days that are not over yet always are. A run that builds days
and this table together is its own answer: only builds in another run count."""

follow_days = dg.AutomationConditionSensorDefinition(
    "follow_days",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Rebuilds the tables that are built whole (dimensions) after a day they are made from was built without them.",
)
