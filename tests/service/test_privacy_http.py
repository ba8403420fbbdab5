"""Privacy at the door, seen in what the real service writes to its spool, and in what the loader makes of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from threading import Event as Flag
from typing import Any

import httpx
import msgspec
import pytest
from ingest_process import KEY, IngestProcess, event

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.governance.tenants.write_keys import hash_write_key
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader.drops import DROPPED_NOTE
from ingest_service.loader.loader import Loader
from ingest_service.privacy import VISITOR_NOTE
from ingest_service.spool.record import RecordFlags
from tests.conftest import free_port

SECRET = "gxys_secret"
POLICIES = {
    "open": IngestPolicy(),
    "cookieless": IngestPolicy(is_cookieless=True, ip="drop", honours_dnt=True),
    "strict": IngestPolicy(consent_required=("statistics",), url_parameters=("ref",)),
}

LEDGER = """
select tenant_id, sum(accepted) - sum(inserted) - sum(deduplicated) - sum(rejected) - sum(dropped), sum(dropped) > 0
from governance.ingest_ledger
where tenant_id in ('open', 'cookieless', 'strict')
group by tenant_id
order by tenant_id
"""
ROW = """
select length(anonymous_id), customer_pid, session_id, page_url, traits, is_dnt, is_gpc, has(warnings, 'personal_data_removed')
from raw.events
where tenant_id in ('cookieless', 'strict') and client_event_id = '{}'
"""


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path_factory.mktemp("privacy"), free_port())
    grants = {hash_write_key(KEY + tenant): Grant(tenant, policy=policy) for tenant, policy in POLICIES.items()}
    grants[hash_write_key(SECRET)] = Grant("cookieless", is_secret=True, policy=POLICIES["cookieless"])
    (process.data_dir / "ingest" / "keys.json").write_bytes(msgspec.json.encode(grants))
    process.start()
    yield process
    process.stop()


def post(ingest: IngestProcess, tenant: str, *events: dict[str, Any], key: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = httpx.post(
        ingest.url + "/v1/events", json={"events": list(events)}, headers={"X-Write-Key": key or KEY + tenant, **headers}
    )
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_an_opted_out_visitor_is_answered_and_counted_and_nothing_of_the_body_is_written(ingest: IngestProcess) -> None:
    results = post(ingest, "open", event("gpc-1"), event("gpc-2"), **{"Sec-GPC": "1"})
    assert [(result["status"], result["code"]) for result in results] == [("drop", "gpc")] * 2
    record = ingest.spooled()[-1]
    assert (record.body, record.headers[DROPPED_NOTE], record.flags) == (b"", "gpc=2", RecordFlags.DROPPED)
    assert not any(b"gpc-1" in path.read_bytes() for path in ingest.segments())


def test_dnt_counts_only_where_the_tenant_says_so(ingest: IngestProcess) -> None:
    assert post(ingest, "open", event("dnt-open"), DNT="1")[0]["status"] == "ok"
    assert post(ingest, "cookieless", event("dnt-closed"), DNT="1")[0]["code"] == "dnt"


def test_a_malformed_body_of_an_opted_out_visitor_is_no_dead_letter(ingest: IngestProcess) -> None:
    before = len(ingest.spooled())
    answer = httpx.post(ingest.url + "/v1/events", content=b"{oops", headers={"X-Write-Key": KEY + "open", "Sec-GPC": "1"})
    assert (answer.status_code, len(ingest.spooled())) == (400, before)


def test_a_cookieless_tenant_keeps_no_address_and_a_server_with_a_secret_key_names_its_visitors(ingest: IngestProcess) -> None:
    post(ingest, "cookieless", event("cookieless-1"))
    browser = ingest.spooled()[-1]
    assert (browser.ip_truncated, len(browser.headers[VISITOR_NOTE])) == ("", 32)
    post(ingest, "cookieless", event("server-1"), key=SECRET)
    server = ingest.spooled()[-1]
    assert (VISITOR_NOTE in server.headers, server.flags) == (False, RecordFlags.TRUSTED)


def test_events_without_a_required_consent_never_reach_the_disk(ingest: IngestProcess) -> None:
    results = post(
        ingest, "strict", event("granted", consent={"statistics": True}), event("denied", consent={"statistics": False})
    )
    assert [result["status"] for result in results] == ["ok", "drop"]
    record = ingest.spooled()[-1]
    assert [sent["event_id"] for sent in json.loads(record.body)["events"]] == ["granted"]
    assert record.headers[DROPPED_NOTE] == "consent=1"
    compressed = gzip.compress(json.dumps({"events": [event("denied-2")]}).encode())
    headers = {"X-Write-Key": KEY + "strict", "Content-Encoding": "gzip"}
    assert httpx.post(ingest.url + "/v1/events", content=compressed, headers=headers).json()["results"][0]["code"] == "consent"


def test_consent_in_the_query_of_a_snowplow_post_counts_for_every_event_of_its_body(ingest: IngestProcess) -> None:
    own = "iglu:com.snowplowanalytics.snowplow/{}/jsonschema/1-0-0".format
    preferences = {"eventType": "allow_selected", "consentScopes": ["statistics"]}
    entities = {"schema": own("contexts"), "data": [{"schema": own("consent_preferences"), "data": preferences}]}
    view = {
        "e": "pv",
        "eid": "5d79770b-015b-4af8-8c91-b2ed6faf4b1e",
        "p": "web",
        "tv": "js-4.10.1",
        "url": "https://shop.example/",
    }
    body = {"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [view | {"duid": "visitor"}]}
    path = f"{ingest.url}/com.snowplowanalytics.snowplow/tp2"
    for query, stored in (({}, False), ({"co": json.dumps(entities)}, True)):
        assert httpx.post(path, json=body, params={"key": KEY + "strict", **query}).status_code == 200
        record = ingest.spooled()[-1]
        assert (bool(record.body), DROPPED_NOTE in record.headers) == (stored, not stored)


def test_the_ledger_counts_what_was_dropped_and_rows_keep_no_identifier(
    ingest: IngestProcess, clickhouse_server: EmbeddedClickHouse
) -> None:
    post(ingest, "open", event("last-gpc"), **{"Sec-GPC": "1"})
    post(ingest, "cookieless", event("named", user_id="7", session_id="s", anonymous_id="cookie"))
    post(
        ingest,
        "strict",
        event(
            "kept",
            consent={"statistics": True},
            page={"url": "https://s.example/?ref=a&token=b"},
            traits={"email": "a@b.example", "plan": "gold"},
        ),
        event("not-kept"),
        DNT="1",
    )
    ingest.stop()
    loader = Loader(Settings(data_dir=ingest.data_dir, clickhouse_url=clickhouse_server.url), Pseudonyms(b"k" * 32), Flag())
    try:
        while loader.step():
            pass
    finally:
        loader.close()
    with connect(clickhouse_server.url, purpose="tests") as client:
        assert client.query(LEDGER).result_rows == [("cookieless", 0, True), ("open", 0, True), ("strict", 0, True)]
        assert client.query(ROW.format("named")).result_rows == [(32, "", "", "", "", False, False, False)]
        assert client.query(ROW.format("kept")).result_rows == [
            (2, "", "", "https://s.example/?ref=a", '{"plan":"gold"}', True, False, True)
        ]
