"""A defect behind the door is a 500 that somebody sees: counted, with a line that says where; nothing of the request is in it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gxy_analytics.settings import Settings
from ingest_service.auth import KeyRegistry
from ingest_service.endpoint import Endpoint
from ingest_service.intake import Intake
from ingest_service.logs import LineFormatter, json_line
from ingest_service.metrics import IngestMetrics
from ingest_service.protocols.native_wire import NativeWire

SECRET = "jane@example.com"


class BrokenWire(NativeWire):
    """A protocol with a defect."""

    def early_key(self, scope: Any, headers: Any) -> str:
        raise KeyError(SECRET)


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"{}", "more_body": False}


def test_a_defect_is_counted_and_told_without_what_the_client_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    settings = Settings(data_dir=tmp_path)
    metrics = IngestMetrics(settings)
    intake = Intake(settings, KeyRegistry(dict, tmp_path / "keys.json"), metrics)
    scope: Any = {"type": "http", "path": f"/{SECRET}", "method": "POST", "headers": [], "query_string": b"", "client": None}

    async def ask() -> None:
        await Endpoint(intake, BrokenWire()).answer(scope, {}, receive)  # type: ignore[arg-type]

    with pytest.raises(KeyError):
        asyncio.run(ask())
    assert intake.in_flight == 0
    samples = [sample for family in text_string_to_metric_families(metrics.exposition().decode()) for sample in family.samples]
    counted = [
        sample.value for sample in samples if sample.name == "gxy_ingest_requests_total" and sample.labels["status"] == "500"
    ]
    assert counted == [1]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    line = LineFormatter(json_line).format(record)
    assert '"event": "request_failed"' in line
    assert "early_key" in line
    assert SECRET not in line
