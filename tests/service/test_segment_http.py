"""Segment's and RudderStack's routes over real HTTP: every row of the status table, and what is then on disk."""

from __future__ import annotations

import gzip
import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from ingest_process import KEY, IngestProcess, until
from segment_process import LIMIT, SHOP, call, refusal, running, tried, with_grants

from gxy_analytics.governance.tenants.write_keys import create_write_key
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.protocols.segment.judge import MAX_EVENTS
from ingest_service.protocols.segment.routes import ROUTES
from ingest_service.spool.record import RecordFlags, SpoolRecord
from tests.conftest import free_port

BASIC = (KEY, "")
EVERY_ROUTE = sorted(ROUTES)


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path_factory.mktemp("segment"), free_port(), GXY_MAX_BODY_BYTES=str(LIMIT))
    with_grants(process)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def client(ingest: IngestProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ingest.url) as client:
        yield client


def record_of(ingest: IngestProcess, marker: str) -> SpoolRecord:
    (found,) = [record for record in ingest.spooled() if marker.encode() in record.body]
    return found


@pytest.mark.parametrize("path", EVERY_ROUTE)
def test_every_route_stores_and_answers_200_never_202(ingest: IngestProcess, client: httpx.Client, path: str) -> None:
    kind, marker = ROUTES[path], f"route-{path}"
    body = {"batch": [call(marker)]} if kind == "batch" else call(marker, type=kind)
    answer = client.post(path, json=body, auth=BASIC)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    record = record_of(ingest, f'"{marker}"')
    assert (record.tenant_id, record.protocol, record.headers["gxy-route"]) == ("acme", "segment", kind)
    assert json.loads(record.body) == body


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json; charset=utf-8", "application/x-www-form-urlencoded", "", "nonsense"]
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_body_is_json_whatever_its_content_type_and_gzip_too(
    ingest: IngestProcess, client: httpx.Client, content_type: str, is_packed: bool
) -> None:
    marker = f"type-{content_type}-{is_packed}"
    body = json.dumps(call(marker)).encode()
    headers = {"Content-Type": content_type} | ({"Content-Encoding": "gzip"} if is_packed else {})
    answer = client.post("/v1/t", content=gzip.compress(body) if is_packed else body, headers=headers, auth=BASIC)
    assert answer.status_code == 200
    assert record_of(ingest, f'"{marker}"').body == body


@pytest.mark.parametrize(
    ("marker", "request_fields", "body"),
    [
        ("basic", {"auth": BASIC}, {}),
        ("bare-basic", {"headers": {"Authorization": "Basic dGVzdC13cml0ZS1rZXk="}}, {}),
        ("header", {"headers": {"X-Write-Key": KEY}}, {}),
        ("body", {}, {"writeKey": KEY}),
        ("bearer-and-body", {"headers": {"Authorization": "Bearer nothing"}}, {"writeKey": KEY}),
        ("query", {"params": {"writeKey": KEY}}, {}),
    ],
)
def test_the_key_may_stand_wherever_clients_put_it(
    ingest: IngestProcess, client: httpx.Client, marker: str, request_fields: dict[str, Any], body: dict[str, Any]
) -> None:
    answer = client.post("/v1/track", json=call(f"key-{marker}") | body, **request_fields)
    assert answer.status_code == 200
    assert record_of(ingest, f'"key-{marker}"').tenant_id == "acme"


def test_a_beacon_has_its_key_in_the_query(ingest: IngestProcess, client: httpx.Client) -> None:
    answer = client.post(f"/beacon/v1/batch?writeKey={KEY}", content=json.dumps({"batch": [call("beacon")]}))
    assert answer.status_code == 200
    assert record_of(ingest, '"beacon"').tenant_id == "acme"


def test_without_a_key_it_is_401_and_with_one_that_cannot_be_checked_now_503(client: httpx.Client) -> None:
    assert refusal(client.post("/v1/track", json=call("none"))) == (401, "missing_write_key")
    unknown = client.post("/v1/track", json=call("none"), auth=("nobody", ""))
    assert refusal(unknown) == (503, "keys_unavailable")


def test_an_origin_that_the_tenant_does_not_list_is_403(client: httpx.Client) -> None:
    answers = [
        client.post("/v1/t", json=call("origin"), auth=("picky-key", ""), headers={"Origin": one})
        for one in (SHOP, "https://x.example")
    ]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert "message" in answers[1].json()


def test_over_its_quota_a_tenant_is_told_when_to_come_back(client: httpx.Client) -> None:
    answers = [client.post("/v1/t", json=call(f"quota-{n}"), auth=("busy-key", "")) for n in range(5)]
    last = answers[-1]
    assert answers[0].status_code == 200
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) >= 1
    assert set(last.json()) >= {"code", "message"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"batch": 5}', b"\xff"])
def test_a_body_that_cannot_be_read_is_400_and_kept(ingest: IngestProcess, client: httpx.Client, body: bytes) -> None:
    before = sum(record.body == body for record in ingest.spooled())
    assert refusal(client.post("/v1/batch", content=body, auth=BASIC)) == (400, "malformed_body")
    kept = [record for record in ingest.spooled() if record.body == body]
    assert len(kept) == before + 1
    assert all(record.flags & RecordFlags.MALFORMED for record in kept)


def test_bad_calls_do_not_hurt_their_batch(ingest: IngestProcess, client: httpx.Client) -> None:
    body = {"batch": [call("mixed"), "text", {"type": "track"}, {"type": "nothing"}, call("mixed-2", messageId=None)]}
    answer = client.post("/v1/batch", json=body, auth=BASIC)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert json.loads(record_of(ingest, '"mixed"').body) == body


def test_too_large_a_body_and_too_many_calls_are_413(client: httpx.Client) -> None:
    big = call("big", properties={"text": "x" * LIMIT})
    assert refusal(client.post("/v1/track", json=big, auth=BASIC)) == (413, "body_too_large")
    packed = gzip.compress(json.dumps(big).encode())
    headers = {"Content-Encoding": "gzip"}
    assert refusal(client.post("/v1/track", content=packed, auth=BASIC, headers=headers)) == (413, "body_too_large")
    many = {"batch": [{"type": "page"}] * (MAX_EVENTS + 1)}
    assert refusal(client.post("/v1/batch", json=many, auth=BASIC)) == (413, "too_many_events")


def test_an_empty_batch_is_taken_and_leaves_nothing(ingest: IngestProcess, client: httpx.Client) -> None:
    before = len(ingest.spooled())
    answer = client.post("/v1/batch", json={"batch": []}, auth=BASIC)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert len(ingest.spooled()) == before


def test_a_visitor_who_opts_out_is_answered_200_and_nothing_is_stored(ingest: IngestProcess, client: httpx.Client) -> None:
    answer = client.post("/v1/t", json=call("opted-out"), auth=BASIC, headers={"Sec-GPC": "1"})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert not [record for record in ingest.spooled() if b"opted-out" in record.body]


def test_without_the_consent_that_a_tenant_requires_an_event_is_left_out_of_its_batch(
    ingest: IngestProcess, client: httpx.Client
) -> None:
    calls = [call(f"consent-{flag}", context={"consent": {"categoryPreferences": {"Ads": flag}}}) for flag in (True, False)]
    for body, path in (({"batch": calls}, "/v1/b"), (calls[1] | {"type": None}, "/v1/t")):
        answer = client.post(path, json=body, auth=("private-key", ""))
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert json.loads(record_of(ingest, "consent-True").body)["batch"] == calls[:1]
    assert not [record for record in ingest.spooled() if b"consent-False" in record.body]


def test_a_secret_key_is_marked_for_the_loader(ingest: IngestProcess, client: httpx.Client) -> None:
    assert client.post("/v1/t", json=call("trusted"), auth=("secret-key", "")).status_code == 200
    assert record_of(ingest, '"trusted"').flags & RecordFlags.TRUSTED


def test_the_anonymous_id_header_is_kept_where_a_call_names_nobody(ingest: IngestProcess, client: httpx.Client) -> None:
    headers = {"AnonymousId": "YS0x"}
    for marker, fields in (("nobody", {"anonymousId": None}), ("somebody", {})):
        assert client.post("/v1/t", json=call(marker, **fields), auth=BASIC, headers=headers).status_code == 200
    assert record_of(ingest, '"nobody"').headers["gxy-anonymous-id"] == "YS0x"
    assert "gxy-anonymous-id" not in record_of(ingest, '"somebody"').headers


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", ["track", "page"])
def test_a_pixel_is_an_image_and_each_hit_an_event(ingest: IngestProcess, client: httpx.Client, method: str, kind: str) -> None:
    marker = f"pixel-{method}-{kind}"
    query = {"writeKey": KEY, "anonymousId": marker, "event": "Mail Opened", "properties.price": "5"}
    answers = [client.request(method, f"/pixel/v1/{kind}", params=query) for _ in range(2)]
    assert {(answer.status_code, answer.headers["content-type"]) for answer in answers} == {(200, "image/gif")}
    assert answers[0].content.startswith(b"GIF89a")
    records = [json.loads(record.body) for record in ingest.spooled() if marker.encode() in record.body]
    assert len({record.pop("messageId") for record in records}) == 2
    assert records[0] == {"anonymousId": marker, "event": "Mail Opened", "properties": {"price": "5"}, "type": kind}
    assert client.get(f"/pixel/v1/{kind}").status_code == 401


def test_a_preflight_allows_what_analytics_next_sends(client: httpx.Client) -> None:
    asked = "authorization,content-type,x-retry-count"
    answer = client.options("/v1/t", headers={"Origin": SHOP, "Access-Control-Request-Headers": asked})
    assert answer.status_code == 204
    assert (answer.headers["access-control-allow-origin"], answer.headers["access-control-allow-headers"]) == (SHOP, asked)
    stored = client.post("/v1/t", json=call("cors"), auth=BASIC, headers={"Origin": SHOP})
    assert stored.headers["access-control-allow-origin"] == SHOP
    assert "retry-after" in stored.headers["access-control-expose-headers"]


def test_the_settings_document_sends_the_browser_back_here(ingest: IngestProcess, client: httpx.Client) -> None:
    answer = client.get(f"/v1/projects/{KEY}/settings", headers={"Origin": "http://shop.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://shop.example"
    told = answer.json()["integrations"]["Segment.io"]
    assert f"{told['protocol']}://{told['apiHost']}" == f"{ingest.url}/v1"
    assert told["apiKey"] == KEY


def test_a_tenant_over_its_quota_still_gets_its_settings_and_its_source(client: httpx.Client) -> None:
    for n in range(5):
        client.post("/v1/t", json=call(f"again-{n}"), auth=("busy-key", ""))
    assert client.post("/v1/t", json=call("over"), auth=("busy-key", "")).status_code == 429
    assert client.get("/v1/projects/busy-key/settings").json()["integrations"]["Segment.io"]["apiKey"] == "busy-key"
    assert client.get("/sourceConfig/", auth=("busy-key", "")).json()["source"]["writeKey"] == "busy-key"


def test_the_source_configuration_lets_rudders_browser_client_start(client: httpx.Client) -> None:
    source = client.get("/sourceConfig/?p=npm&v=3", auth=BASIC).json()["source"]
    assert source["id"] and source["enabled"] is True and source["destinations"] == [] and isinstance(source["config"], dict)
    assert client.get(f"/sourceConfig/?writeKey={KEY}").status_code == 200
    assert client.get("/sourceConfig/").status_code == 401


@pytest.mark.parametrize("path", ["/v1/track", "/v1/nothing", "/v1/projects/settings", "/pixel/v1/identify", "/v2/track"])
def test_what_is_no_route_of_theirs_is_404(client: httpx.Client, path: str) -> None:
    assert client.get(path, auth=BASIC).status_code in (404, 405)


def test_a_spool_that_stays_full_is_429_with_retry_after(tmp_path: Path) -> None:
    with running(tmp_path, GXY_SPOOL_MAX_BYTES="1") as ingest:
        until(lambda: tried(ingest).status_code != 200, "the watermark")
        full = tried(ingest)
        assert refusal(full) == (429, "spool_full")  # clients wait for a 429 and give up on a 503
        assert int(full.headers["Retry-After"]) >= 1


def test_a_disk_that_fails_for_now_is_503_with_retry_after(tmp_path: Path) -> None:
    """A limit on file sizes stands in for a full disk: preallocation fails just so."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ingest = IngestProcess(tmp_path, free_port())
    ingest.start(wait=False, before_exec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard)))
    try:
        until(lambda: ingest.probe("/livez") == 200, "the worker")
        failing = tried(ingest)
        assert refusal(failing) == (503, "spool_unavailable")
        assert int(failing.headers["Retry-After"]) >= 1
    finally:
        ingest.stop()


def test_a_key_that_nobody_has_is_401_and_its_settings_are_404(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> None:
    with connect(clickhouse_server.url, purpose="tests") as admin:
        key = create_write_key(admin, "keyed")
    with running(tmp_path, clickhouse_url=clickhouse_server.url) as ingest:
        assert tried(ingest, key).status_code == 200
        assert refusal(tried(ingest, "nobody")) == (401, "unknown_write_key")
        assert httpx.get(f"{ingest.url}/v1/projects/{key}/settings").status_code == 200
        assert refusal(httpx.get(f"{ingest.url}/v1/projects/nobody/settings")) == (404, "unknown_write_key")
        assert refusal(httpx.get(f"{ingest.url}/sourceConfig/", auth=("nobody", ""))) == (401, "unknown_write_key")
