"""The graph works the queue of erasures off: the sensor asks for a run, and a request that fails fails the run."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
import pytest
from clickhouse_connect.driver.client import Client
from erasure_world import write_key

from assets.governance.erasure import erasure_queue, process_erasures
from gxy_analytics.governance.erasure import steps
from gxy_analytics.governance.erasure.requests import get_request
from gxy_analytics.governance.erasure.run import request_erasure
from gxy_analytics.governance.retention.holds import place_hold
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings


@pytest.fixture
def stack(clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    """One customer of acme, and nothing that is waited for."""
    write_key(settings)
    monkeypatch.setattr(steps, "ACK_SECONDS", 0.1)
    monkeypatch.setattr(steps, "parts_left", lambda *_: {})
    now = datetime.now(UTC)
    clickhouse.insert("tenants", [["acme", now]], ["tenant_id", "changed_at"], database="governance")
    clickhouse.insert(
        "events", [["acme", uuid4(), "a" * 64, now, now]], ["tenant_id", "event_id", "customer_pid", "event_time", "received_at"],
        database="raw",
    )  # fmt: skip
    return clickhouse


def tick(settings: Settings, instance: dg.DagsterInstance) -> object:
    with dg.build_sensor_context(instance=instance, resources={"platform": Platform.of(settings)}) as context:
        return erasure_queue(context)


def work(settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return process_erasures.execute_in_process(
        instance=instance, resources={"platform": Platform.of(settings)}, raise_on_error=False
    )


def test_the_sensor_asks_for_a_run_while_a_request_is_open(stack: Client, settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick(settings, instance), dg.SkipReason)
        request = request_erasure(stack, settings, "acme", customer_pid="a" * 64, reason="ticket 1")
        assert isinstance(tick(settings, instance), dg.RunRequest)
        instance.create_run_for_job(process_erasures, status=dg.DagsterRunStatus.STARTED)
        assert isinstance(tick(settings, instance), dg.SkipReason)
        assert work(settings, instance).success
        assert get_request(stack, request.request_id).state == "done"
        assert stack.query("select count() from raw.events").result_rows == [(0,)]


def test_a_request_that_fails_fails_the_run(stack: Client, settings: Settings) -> None:
    request = request_erasure(stack, settings, "acme", customer_pid="a" * 64, reason="ticket 1")
    place_hold(stack, "acme", "a dispute", actor="counsel")
    with dg.DagsterInstance.ephemeral() as instance:
        assert not work(settings, instance).success
    assert get_request(stack, request.request_id).state == "failed"
