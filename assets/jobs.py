"""The jobs: what is built together. When they run is in `schedules` and `late_data`."""

from __future__ import annotations

import dagster as dg

from assets.checks.numbers import equals_backend, events_equal_ledger, events_equal_raw, events_equal_staged, ledger_balances
from assets.checks.personal_data import no_personal_data
from assets.conventions import BUILD_TAG, OWNERS

LATE = {"gxy/cause": "late rows"}
BUILT = dg.AssetSelection.all() - dg.AssetSelection.tag(BUILD_TAG, "apart") - dg.AssetSelection.checks(no_personal_data)
"""Everything but what has a job of its own: the scan for personal data, which reads every table, and assets tagged `apart`."""

daily_build = dg.define_asset_job(
    "daily_build",
    selection=BUILT,
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Extract the backend, build the run's days of every daily table, then the tables that are built whole, and check "
    "all of it. One run in one process builds any number of days: launch it for a range of partitions.",
)

extract = dg.define_asset_job(
    "extract",
    selection=dg.AssetSelection.groups("raw", "vault") - dg.AssetSelection.assets(["raw", "events"], ["raw", "events_rejected"]),
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Bring what changed in the backend since its watermarks into raw.oltp_* and the vault. Builds no day.",
)

rebuild_days = dg.define_asset_job(
    "rebuild_days",
    selection=BUILT - dg.AssetSelection.tag(BUILD_TAG, "whole"),
    executor_def=dg.in_process_executor,
    run_tags=LATE,
    owners=OWNERS,
    description="Build days once more because rows arrived for them after their last build. Asked for by the late_data sensor; "
    "the dimensions follow by the follow_days sensor.",
)

recheck = dg.define_asset_job(
    "recheck",
    selection=dg.AssetSelection.checks(
        equals_backend, events_equal_ledger, events_equal_raw, events_equal_staged, ledger_balances
    ),
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Compare the newest built days with the backend and the events with the ledger once more. Builds nothing.",
)

scan_personal_data = dg.define_asset_job(
    "scan_personal_data",
    selection=dg.AssetSelection.checks(no_personal_data),
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Look for personal data in a sample of every text column outside the vault. Builds nothing, changes nothing.",
)
