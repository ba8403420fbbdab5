"""POST /v1/events over real HTTP and real processes: what is answered, and what is then on disk."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from ingest_process import KEY, IngestProcess, event, until

from gxy_analytics.governance.tenants.write_keys import create_write_key, revoke_keys
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.spool.record import RecordFlags, SpoolRecord
from tests.conftest import free_port

LIMIT = 50_000


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    """A service whose ClickHouse is down: everything here works without one."""
    process = IngestProcess(tmp_path_factory.mktemp("ingest"), free_port(), GXY_MAX_BODY_BYTES=str(LIMIT))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def client(ingest: IngestProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ingest.url, headers={"X-Write-Key": KEY}) as client:
        yield client


def record_of(ingest: IngestProcess, marker: str) -> SpoolRecord:
    (found,) = [record for record in ingest.spooled() if marker.encode() in record.body]
    return found


def test_a_stored_request_is_on_disk_as_it_was_sent(ingest: IngestProcess, client: httpx.Client) -> None:
    body = json.dumps({"events": [event("stored-1"), event("stored-2")]})
    answer = client.post("/v1/events", content=body, headers={"User-Agent": "Shop/1.0", "Cookie": "secret=1"})
    assert answer.status_code == 200
    assert answer.json() == {"results": [{"event_id": f"stored-{n}", "status": "ok"} for n in (1, 2)]}
    record = record_of(ingest, "stored-1")
    assert (record.tenant_id, record.protocol, record.flags, record.body.decode()) == ("acme", "native", 0, body)
    assert record.headers["user-agent"] == "Shop/1.0"
    assert "cookie" not in record.headers


def test_each_event_has_its_own_answer_and_a_bad_one_does_not_hurt_the_others(client: httpx.Client) -> None:
    events = [event("each-1"), {"name": "no id"}, event("each-2", time=None), "nonsense", event("each-3")]
    results = client.post("/v1/events", json={"events": events}).json()["results"]
    assert [(result["event_id"], result["status"]) for result in results] == [
        ("each-1", "ok"),
        (None, "drop"),
        ("each-2", "warning"),
        (None, "drop"),
        ("each-3", "ok"),
    ]
    assert results[1]["code"] == "missing_event_id"


def test_only_a_truncated_address_of_the_peer_is_kept_and_proxy_headers_are_not_believed(
    ingest: IngestProcess, client: httpx.Client
) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.77", "X-Real-IP": "203.0.113.77", "Forwarded": "for=203.0.113.77"}
    client.post("/v1/events", json={"events": [event("address")]}, headers=forwarded)
    assert record_of(ingest, "address").ip_truncated == "127.0.0.0"
    assert not any(b"203.0.113.77" in path.read_bytes() for path in ingest.segments())


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_an_encoded_body_is_stored_inflated(
    ingest: IngestProcess, client: httpx.Client, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    body = json.dumps({"events": [event(f"encoded-{encoding}")]}).encode()
    assert client.post("/v1/events", content=encode(body), headers={"Content-Encoding": encoding}).status_code == 200
    assert record_of(ingest, f"encoded-{encoding}").body == body


def test_a_chunked_body_is_taken(ingest: IngestProcess, client: httpx.Client) -> None:
    body = json.dumps({"events": [event("chunked")]}).encode()
    assert client.post("/v1/events", content=(body[n : n + 7] for n in range(0, len(body), 7))).status_code == 200
    assert record_of(ingest, "chunked").body == body


def test_the_key_may_come_in_the_query_and_any_content_type_will_do(ingest: IngestProcess) -> None:
    """What navigator.sendBeacon can do: no header of its own, text/plain."""
    content = json.dumps({"events": [event("beacon")]})
    answer = httpx.post(f"{ingest.url}/v1/events?key={KEY}", content=content, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 10_000 + 1):
        yield b"x" * 10_000


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param(lambda: b"x" * (LIMIT + 1), "identity", id="declared"),
        pytest.param(lambda: chunks(LIMIT * 4), "identity", id="chunked"),
        pytest.param(lambda: gzip.compress(bytes(20_000_000)), "gzip", id="gzip-bomb"),
        pytest.param(lambda: brotli.compress(bytes(20_000_000), quality=1), "br", id="brotli-bomb"),
        pytest.param(lambda: zstandard.compress(bytes(20_000_000)), "zstd", id="zstd-bomb"),
    ],
)
def test_a_body_over_the_limit_is_refused_as_sent_and_as_inflated(
    client: httpx.Client, content: Callable[[], Any], encoding: str
) -> None:
    answer = client.post("/v1/events", content=content(), headers={"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert client.get("/livez").status_code == 200


def test_too_many_events_are_refused_with_the_limit(client: httpx.Client) -> None:
    answer = client.post("/v1/events", content=json.dumps({"events": [1] * 1001}))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_events")
    assert "1000" in answer.json()["message"]


def test_a_malformed_body_is_400_with_where_and_why_and_is_kept_as_a_dead_letter(
    ingest: IngestProcess, client: httpx.Client
) -> None:
    answer = client.post("/v1/events", content=b'{"events": [\n {"event_id": "malformed-1", oops}]}')
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "malformed_body",
        "message": "the body is not JSON: expecting property name enclosed in double quotes at byte 42, line 2.",
        "byte": 42,
        "line": 2,
    }
    assert record_of(ingest, "malformed-1").flags == RecordFlags.MALFORMED


def test_a_body_of_another_shape_is_400_with_a_pointer(client: httpx.Client) -> None:
    answer = client.post("/v1/events", json={"events": {"event_id": "x"}})
    assert (answer.status_code, answer.json()["pointer"]) == (400, "/events")


def test_a_wrong_encoding_is_refused(client: httpx.Client) -> None:
    garbage = client.post("/v1/events", content=b"not gzip", headers={"Content-Encoding": "gzip"})
    unknown = client.post("/v1/events", content=b"x", headers={"Content-Encoding": "lzma"})
    assert (garbage.status_code, garbage.json()["code"], unknown.status_code) == (400, "bad_encoding", 415)


def test_an_empty_batch_is_answered_and_not_stored(ingest: IngestProcess, client: httpx.Client) -> None:
    before = len(ingest.spooled())
    assert client.post("/v1/events", json={"events": []}).json() == {"results": []}
    assert len(ingest.spooled()) == before


def test_a_browser_on_another_origin_may_post_with_a_key(client: httpx.Client) -> None:
    preflight = client.options(
        "/v1/events",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-write-key",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert "x-write-key" in preflight.headers["access-control-allow-headers"]
    refused = client.post("/v1/events", json={}, headers={"Origin": "https://shop.example"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, "https://shop.example")


def test_without_a_key_it_is_401_and_nothing_of_the_body_is_kept(ingest: IngestProcess) -> None:
    answer = httpx.post(f"{ingest.url}/v1/events", json={"events": [event("no-key")]})
    assert (answer.status_code, answer.json()["code"]) == (401, "missing_write_key")
    assert not any(b"no-key" in record.body for record in ingest.spooled())


def test_a_key_that_cannot_be_checked_now_is_503_and_not_401(client: httpx.Client) -> None:
    answer = client.post("/v1/events", json={"events": [event("x")]}, headers={"X-Write-Key": "maybe-new"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_client_that_hangs_up_in_the_middle_leaves_no_record(ingest: IngestProcess, client: httpx.Client) -> None:
    with socket.create_connection(("127.0.0.1", ingest.port)) as connection:
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: {KEY}\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b'{"events": [{"event_id": "hung-up"')
    assert client.post("/v1/events", json={"events": [event("after-hang-up")]}).status_code == 200
    assert not any(b"hung-up" in record.body and b"after" not in record.body for record in ingest.spooled())


def test_the_router_serves_the_same_endpoint_with_a_trailing_slash_and_refuses_other_methods(client: httpx.Client) -> None:
    answer = client.post("/v1/events/", json={"events": [event("slash")]})
    assert (answer.status_code, answer.json()["results"][0]["status"]) == (200, "ok")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert client.get("/v1/events").status_code == 405
    assert client.post("/v1/nothing", json={}).status_code == 404


def test_liveness_readiness_and_documentation_answer_without_clickhouse(client: httpx.Client) -> None:
    assert client.get("/livez").json() == {"status": "live"}
    assert client.get("/readyz").json() == {"status": "ready"}
    document = client.get("/schema/openapi.json").json()
    operation = document["paths"]["/v1/events"]["post"]
    assert operation["operationId"] == "postEvents"
    assert set(operation["responses"]) >= {"200", "400", "401", "413", "503"}
    assert "event_id" in document["components"]["schemas"]["NativeEvent"]["properties"]


def test_metrics_count_requests_events_commits_and_the_spool(ingest: IngestProcess, client: httpx.Client) -> None:
    def value(line_start: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(line_start))

    ok, drops = (
        'gxy_ingest_requests_total{route="/v1/events",status="200"}',
        'gxy_ingest_events_total{status="drop",tenant_class="default"}',
    )
    before = value(ok), value(drops), value("gxy_ingest_commit_seconds_count")
    client.post("/v1/events", json={"events": [event("counted"), 1, 2]})
    after = value(ok), value(drops), value("gxy_ingest_commit_seconds_count")
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2, 1]
    assert value("gxy_ingest_spool_bytes") >= 64 << 20


def test_keys_are_checked_against_clickhouse_and_a_new_one_works_at_once(
    tmp_path: Path, clickhouse_server: EmbeddedClickHouse
) -> None:
    process = IngestProcess(tmp_path, free_port(), clickhouse_url=clickhouse_server.url)
    with connect(clickhouse_server.url, purpose="tests") as client:
        process.start()
        try:
            body, url = {"events": [event("e")]}, f"{process.url}/v1/events"
            unknown = httpx.post(url, json=body, headers={"X-Write-Key": "unknown"})
            assert (unknown.status_code, unknown.json()["code"]) == (401, "unknown_write_key")
            key = create_write_key(client, "globex")
            assert httpx.post(url, json=body, headers={"X-Write-Key": key}).status_code == 200
            assert process.spooled()[0].tenant_id == "globex"
            revoke_keys(client, "globex")
            until(lambda: httpx.post(url, json=body, headers={"X-Write-Key": key}).status_code == 401, "revocation")
        finally:
            process.stop()
