"""Who gets the metrics from the real service: the host does, what came through a proxy does not, unless it is told so."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ingest_process import KEY, IngestProcess, event

from gxy_analytics.settings import Settings
from ingest_service.picture import take_picture
from tests.conftest import free_port

EVERYWHERE = "0.0.0.0"  # noqa: S104 - for the seconds of a test, with a key that nobody knows


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path, free_port(), GXY_LISTEN_HOST=EVERYWHERE, GXY_INGEST_URL="https://collect.example")
    process.start()
    yield process
    process.stop()


def outside_address() -> str:
    """An address of this host that is not loopback: a peer from there is nobody special. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
        except OSError:
            pytest.skip("this host has no address but loopback")
        return str(probe.getsockname()[0])


def test_only_the_host_itself_gets_them_and_everybody_may_still_send(ingest: IngestProcess) -> None:
    outside = f"http://{outside_address()}:{ingest.port}"
    refused = httpx.get(f"{outside}/metrics")
    assert (refused.status_code, refused.json()["code"]) == (403, "metrics_not_public")
    assert "GXY_METRICS_NETWORKS" in refused.json()["message"]
    assert "gxy_ingest" not in refused.text
    sent = httpx.post(f"{outside}/v1/events", json={"events": [event("outside")]}, headers={"X-Write-Key": KEY})
    assert sent.status_code == 200
    found = httpx.get(f"{ingest.url}/metrics")
    assert found.headers["content-type"].startswith("text/plain; version=")
    assert 'gxy_ingest_requests_total{route="/v1/events",status="200"} 1.0' in found.text


def test_a_proxy_on_the_host_does_not_open_them_to_its_clients(ingest: IngestProcess) -> None:
    for trace in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert httpx.get(f"{ingest.url}/metrics", headers={trace: "127.0.0.1"}).status_code == 403, trace


def test_the_status_command_reads_them_also_where_clients_come_by_another_address(ingest: IngestProcess) -> None:
    ingest.post(event("counted"))
    picture = take_picture(Settings(data_dir=ingest.data_dir, ingest_url="https://collect.example", ingest_port=1))
    assert picture.door is not None
    assert picture.door["gxy_ingest_events_total"]["ok"] == 1


def test_a_listed_network_gets_them(tmp_path: Path) -> None:
    outside = outside_address()
    process = IngestProcess(tmp_path, free_port(), GXY_LISTEN_HOST=EVERYWHERE, GXY_METRICS_NETWORKS=f"192.0.2.0/24, {outside}")
    process.start()
    try:
        assert "gxy_ingest_spool_bytes" in httpx.get(f"http://{outside}:{process.port}/metrics").text
    finally:
        process.stop()
