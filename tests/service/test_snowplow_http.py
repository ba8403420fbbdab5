"""Snowplow's routes over real HTTP and real processes: what each kind of tracker is answered, and what is then on disk."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from ingest_process import KEY, IngestProcess
from snowplow_wire import PAYLOAD, action, body, plain, product

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.governance.tenants.write_keys import create_write_key, hash_write_key
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.snowplow.adapter import read_body
from ingest_service.spool.record import RecordFlags, SpoolRecord
from tests.conftest import free_port

TP2 = "/com.snowplowanalytics.snowplow/tp2"
LIMIT = 50_000
HOST_KEY = "0123456789abcdef0123456789abcdef"
SHOP_KEY, SLOW_KEY, SECRET_KEY = "shop-key", "slow-key", "secret-key"
SHOP = "https://shop.example"
GRANTS = {
    KEY: Grant("acme"),
    HOST_KEY: Grant("by-host"),
    SHOP_KEY: Grant("shop", policy=IngestPolicy(origins=(SHOP,))),
    SLOW_KEY: Grant("slow", policy=IngestPolicy(events_per_second=1, events_burst=1)),
    SECRET_KEY: Grant("server", is_secret=True),
}


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    """A service whose ClickHouse is down: it knows the keys of its cache."""
    process = IngestProcess(tmp_path_factory.mktemp("snowplow"), free_port(), GXY_MAX_BODY_BYTES=str(LIMIT))
    cache = process.data_dir / "ingest" / "keys.json"
    cache.write_bytes(msgspec.json.encode({hash_write_key(key): grant for key, grant in GRANTS.items()}))
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


def titles_of(record: SpoolRecord) -> list[str | None]:
    """What the loader will make of a record: the titles of its pages."""
    draft = Draft()
    read_body(record.body, Request(record.tenant_id, record.protocol, 0, 0, headers=record.headers), draft)
    assert draft.letters == []
    return [event.page.title if event.page else None for event in draft.events]


# --- Stored ---------------------------------------------------------------------------------------------------------------


def test_a_stored_post_is_answered_ok_as_text_and_is_on_disk_as_it_was_sent(ingest: IngestProcess, client: httpx.Client) -> None:
    sent = body(plain(page="stored-1"), action("product_view", product(), page="stored-2"))
    answer = client.post(TP2, content=sent, headers={"User-Agent": "Shop/1.0", "Cookie": "sp=secret"})
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    record = record_of(ingest, "stored-1")
    assert (record.tenant_id, record.protocol, record.flags, record.body) == ("acme", "snowplow", 0, sent)
    assert record.ip_truncated == "127.0.0.0"
    assert "cookie" not in record.headers


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", "text/plain", "application/x-www-form-urlencoded", ""]
)
def test_any_content_type_will_do(client: httpx.Client, content_type: str) -> None:
    assert client.post(TP2, content=body(plain()), headers={"Content-Type": content_type}).status_code == 200


def test_a_gzipped_body_is_stored_inflated(ingest: IngestProcess, client: httpx.Client) -> None:
    sent = body(plain(page="gzipped"))
    assert client.post(TP2, content=gzip.compress(sent), headers={"Content-Encoding": "gzip"}).status_code == 200
    assert record_of(ingest, "gzipped").body == sent


def test_bad_events_do_not_hurt_their_neighbours_and_the_tracker_is_told_ok(ingest: IngestProcess, client: httpx.Client) -> None:
    answer = client.post(TP2, content=body({"eid": "no type"}, "nonsense", plain(page="neighbour")))
    assert (answer.status_code, answer.text) == (200, "ok")
    assert record_of(ingest, "neighbour").flags == 0


def test_parameters_of_the_query_are_kept_for_every_event_and_the_key_is_not(ingest: IngestProcess) -> None:
    query = {"key": KEY, "page": "over & above", "aid": "x"}
    answer = httpx.post(ingest.url + TP2, params=query, content=body(plain(page="under-1"), plain(page="under-2")))
    assert answer.status_code == 200
    record = record_of(ingest, "under-1")
    assert titles_of(record) == ["over & above", "over & above"]
    assert KEY not in str(record.headers)


def test_a_pixel_stores_its_query_and_answers_a_gif_that_is_not_cached(ingest: IngestProcess, client: httpx.Client) -> None:
    for path in ("/i", "/ice.png", "/com.example.shop/v1"):
        answer = client.get(path, params=plain(page=f"pixel é & + {path}"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/gif"
        assert "no-store" in answer.headers["cache-control"]
        assert len(answer.content) == 43
        assert answer.content.startswith(b"GIF89a")
        assert titles_of(record_of(ingest, f"+ {path}")) == [f"pixel é & + {path}"]


def test_a_pixel_keeps_repeated_parameters_in_order(ingest: IngestProcess, client: httpx.Client) -> None:
    client.get("/i?e=pv&eid=repeated-parameter&page=first&page=second")
    record = record_of(ingest, "repeated-parameter")
    (event,) = dict(json.loads(record.body, object_pairs_hook=list))["data"]
    assert event == [("e", "pv"), ("eid", "repeated-parameter"), ("page", "first"), ("page", "second")]
    assert titles_of(record) == ["second"]


def test_head_is_answered_like_get_without_a_body(ingest: IngestProcess, client: httpx.Client) -> None:
    answer = client.head("/i", params=plain(page="by-head"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert titles_of(record_of(ingest, "by-head")) == ["by-head"]
    assert httpx.head(ingest.url + "/i", params=plain()).status_code == 401


# --- Whose it is ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_of", "tenant"),
    [
        pytest.param(lambda url, sent: httpx.post(url + TP2, content=sent, headers={"X-Write-Key": KEY}), "acme", id="header"),
        pytest.param(lambda url, sent: httpx.post(f"{url}{TP2}?key={KEY}", content=sent), "acme", id="query"),
        pytest.param(lambda url, sent: httpx.post(f"{url}/{KEY}/tp2", content=sent), "acme", id="path"),
        pytest.param(
            lambda url, sent: httpx.post(url + TP2, content=sent, headers={"Host": f"{HOST_KEY}.collect.example"}),
            "by-host",
            id="host",
        ),
    ],
)
def test_the_key_may_stand_where_a_tracker_can_put_it(ingest: IngestProcess, request_of: Any, tenant: str) -> None:
    event = plain(aid="shop-app")
    assert request_of(ingest.url, body(event)).status_code == 200
    record = record_of(ingest, event["eid"])
    assert record.tenant_id == tenant
    draft = Draft()
    read_body(record.body, Request(tenant, "snowplow", 0, 0, headers=record.headers), draft)
    assert draft.events[0].app_id == "shop-app"


def test_the_app_id_is_the_key_where_nothing_else_is_and_then_no_app_id(ingest: IngestProcess) -> None:
    posted, pixel = plain(aid=KEY), plain(aid=KEY)
    assert httpx.post(ingest.url + TP2, content=body(posted)).status_code == 200
    assert httpx.get(ingest.url + "/i", params=pixel).status_code == 200
    for event in (posted, pixel):
        record = record_of(ingest, event["eid"])
        assert record.tenant_id == "acme"
        draft = Draft()
        read_body(record.body, Request("acme", "snowplow", 0, 0, headers=record.headers), draft)
        assert draft.events[0].app_id is None


def test_a_secret_key_marks_what_a_server_sends(ingest: IngestProcess) -> None:
    event = plain(ua="Phone/1", ip="203.0.113.77")
    assert httpx.post(ingest.url + TP2, content=body(event), headers={"X-Write-Key": SECRET_KEY}).status_code == 200
    assert record_of(ingest, event["eid"]).flags & RecordFlags.TRUSTED


def test_sp_anonymous_leaves_no_address_and_is_noted(ingest: IngestProcess, client: httpx.Client) -> None:
    event, pixel = plain(), plain()
    assert client.post(TP2, content=body(event), headers={"SP-Anonymous": "*"}).status_code == 200
    assert client.get("/i", params=pixel, headers={"SP-Anonymous": "*"}).status_code == 200
    for one in (event, pixel):
        record = record_of(ingest, one["eid"])
        assert record.ip_truncated == ""
        assert record.headers["gxy-anonymous"] == "1"


# --- Not stored: one test for each row of the table of answers ------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]",
        b'{"data":{}}',
        b'{"schema":"iglu:com.acme/other/jsonschema/1-0-0","data":[]}',
        b'{"schema":7,"data":[]}',
        b"\xff",
    ],
)
def test_what_cannot_be_read_is_400_which_trackers_drop_and_kept_as_one_dead_letter(
    ingest: IngestProcess, client: httpx.Client, sent: bytes
) -> None:
    before = len(ingest.spooled())
    answer = client.post(TP2, content=sent)
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed_body"
    record = ingest.spooled()[before]
    assert (record.body, record.protocol, record.flags) == (sent, "snowplow", RecordFlags.MALFORMED)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        pytest.param(b"x" * (LIMIT + 1), {}, id="too large"),
        pytest.param(gzip.compress(b"x" * (LIMIT + 1)), {"Content-Encoding": "gzip"}, id="inflates too large"),
        pytest.param(body(*[{"e": "pv"}] * 1001), {}, id="too many events"),
        pytest.param(b"x", {"Content-Encoding": "lzma"}, id="unknown encoding"),
    ],
)
def test_what_is_final_is_400_because_trackers_repeat_a_413_and_a_415_for_ever(
    client: httpx.Client, content: bytes, headers: dict[str, str]
) -> None:
    assert client.post(TP2, content=content, headers=headers).status_code == 400


def test_no_key_is_401(ingest: IngestProcess) -> None:
    for answer in (httpx.post(ingest.url + TP2, content=body(plain())), httpx.get(ingest.url + "/i", params=plain())):
        assert answer.status_code == 401
        assert answer.json()["code"] == "missing_write_key"


def test_an_unknown_key_is_401_wherever_it_stands(tmp_path_factory: Any, clickhouse_server: EmbeddedClickHouse) -> None:
    process = IngestProcess(tmp_path_factory.mktemp("keys"), free_port(), clickhouse_url=clickhouse_server.url)
    process.start()
    try:
        with connect(clickhouse_server.url, purpose="tests") as client:
            key = create_write_key(client, "acme", "public")
        assert httpx.post(f"{process.url}/{key}/tp2", content=body(plain())).status_code == 200
        assert httpx.post(process.url + TP2, content=body(plain(aid=key))).status_code == 200
        assert httpx.post(f"{process.url}/unknown/tp2", content=body(plain())).status_code == 401
        assert httpx.post(process.url + TP2, content=body(plain(aid="acme-store"))).status_code == 401
        assert httpx.get(process.url + "/i", params=plain(aid="acme-store")).status_code == 401
    finally:
        process.stop()


def test_an_origin_that_is_not_listed_is_403(ingest: IngestProcess) -> None:
    def post(origin: str) -> int:
        headers = {"X-Write-Key": SHOP_KEY, "Origin": origin}
        return httpx.post(ingest.url + TP2, content=body(plain()), headers=headers).status_code

    assert (post(SHOP), post("https://evil.example")) == (200, 403)


def test_over_the_quota_is_429_with_retry_after(ingest: IngestProcess) -> None:
    answers = [httpx.post(ingest.url + TP2, content=body(*[plain()] * 20), headers={"X-Write-Key": SLOW_KEY}) for _ in range(3)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_what_cannot_be_told_now_is_503_with_retry_after(ingest: IngestProcess) -> None:
    """A key that is in no cache while ClickHouse is down."""
    answer = httpx.post(f"{ingest.url}/another-key/tp2", content=body(plain()), timeout=20)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


# --- Browsers -------------------------------------------------------------------------------------------------------------


def test_the_answer_names_the_origin_because_trackers_send_credentials(client: httpx.Client) -> None:
    answer = client.post(TP2, content=body(plain()), headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize("path", [TP2, f"/{KEY}/tp2", "/i"])
def test_a_preflight_allows_what_the_tracker_asks_for(ingest: IngestProcess, path: str) -> None:
    asked = "content-type, sp-anonymous, x-my-header"
    answer = httpx.options(
        ingest.url + path,
        headers={"Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked},
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-headers"] == asked
    assert answer.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize(
    "path", ["/v1/tp2", "/r/tp2", "/api/tp2", "/a/b", "/schema/events", "/favicon.ico", "/com.acme", "/a/b/tp2"]
)
def test_paths_of_others_are_not_taken(client: httpx.Client, path: str) -> None:
    answer = client.post(path, content=json.dumps({"schema": PAYLOAD, "data": [plain()]}))
    assert answer.status_code in (404, 405)
