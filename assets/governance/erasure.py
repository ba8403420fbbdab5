"""The queue of erasures: a job that takes every open request as far as it goes, and the sensor that asks for it."""

import dagster as dg

from assets.conventions import OWNERS, table_spec
from gxy_analytics.governance.erasure.requests import list_requests
from gxy_analytics.governance.erasure.run import process_open
from gxy_analytics.resources import Platform

INTERVAL_SECONDS = 60
"""A tick counts a table of a few rows; a request that waits for old parts is looked at again as often."""

UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
)
"""States of a run that will still work the queue off."""

privacy_requests = table_spec(
    "governance",
    "privacy_requests",
    "Requests of people to be erased, where each stands, and the report that proves it.",
    kinds={"python"},
)
erased_rows = table_spec(
    "governance",
    "erased_rows",
    "Events that were accepted and erased since, by business time: the checks on raw and staged events add them.",
    kinds={"python"},
    deps=[["governance", "privacy_requests"]],
)


@dg.op(description="Suppress, erase, verify: every open request, the oldest first.")
def erase_people(context: dg.OpExecutionContext, platform: Platform) -> None:
    """Fails when a request failed, so that somebody looks; what is still waited for is no failure."""
    with platform.clickhouse("erase", context.run_id, role="eraser") as client:
        requests = process_open(client, platform.settings)
    for request in requests:
        context.log.info(f"{request.request_id} ({request.tenant_id}): {request.state}")
    failed = [f"{request.request_id}: {request.error}" for request in requests if request.state == "failed"]
    if failed:
        raise dg.Failure(f"{len(failed)} erasures failed: {'; '.join(failed)}")


@dg.job(
    executor_def=dg.in_process_executor,
    owners=OWNERS,
    description="Work off the queue of erasures. Asked for by the erasure_queue sensor while a request is open.",
)
def process_erasures() -> None:
    erase_people()


@dg.sensor(
    job=process_erasures,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run while a request is open and none is under way.",
    owners=OWNERS,
)
def erasure_queue(context: dg.SensorEvaluationContext, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    """One run at a time; the next tick looks again at what is waited for."""
    unfinished = dg.RunsFilter(job_name=process_erasures.name, statuses=list(UNFINISHED))
    if context.instance.get_runs_count(unfinished):
        return dg.SkipReason("A run is under way.")
    with platform.clickhouse("erasure queue", role="eraser") as client:
        waiting = list_requests(client, only_open=True)
    return dg.RunRequest() if waiting else dg.SkipReason("No request is open.")
