"""The event schema over real HTTP, and bodies that are not what their Content-Encoding says: refused, and kept as they came."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator

import brotli
import httpx
import jsonschema_rs
import pytest
import zstandard
from ingest_process import KEY, IngestProcess, event

from ingest_service.spool.record import RecordFlags
from tests.conftest import free_port


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path_factory.mktemp("ingest"), free_port())
    process.start()
    yield process
    process.stop()


def test_the_event_schema_is_served_to_everybody_and_judges_events(ingest: IngestProcess) -> None:
    answer = httpx.get(f"{ingest.url}/schema/events", headers={"Origin": "https://any.example"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age" in answer.headers["cache-control"]
    validator = jsonschema_rs.Draft202012Validator(answer.json())
    assert validator.is_valid(event("1", page={"url": "https://shop.example/"}))
    assert not validator.is_valid(event("1"))


@pytest.mark.parametrize("known", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_a_client_that_has_the_schema_is_not_sent_it_again(ingest: IngestProcess, known: str) -> None:
    tag = httpx.get(f"{ingest.url}/schema/events").headers["etag"]
    answer = httpx.get(f"{ingest.url}/schema/events", headers={"If-None-Match": known.format(tag=tag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    other = httpx.get(f"{ingest.url}/schema/events", headers={"If-None-Match": '"of an older release"'})
    assert other.status_code == 200


def test_the_openapi_document_names_the_schema(ingest: IngestProcess) -> None:
    document = httpx.get(f"{ingest.url}/schema/openapi.json").json()
    assert document["paths"]["/schema/events"]["get"]["operationId"] == "getEventSchema"


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_a_body_that_was_cut_on_its_way_is_refused_and_kept_as_it_came(
    ingest: IngestProcess, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    body = encode(json.dumps({"events": [event(f"cut-{encoding}")] * 3}).encode())[:-6]
    answer = httpx.post(
        f"{ingest.url}/v1/events", content=body, headers={"X-Write-Key": KEY, "Content-Encoding": encoding, "User-Agent": "t"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_encoding")
    record = ingest.spooled()[-1]
    assert (record.body, record.flags) == (body, RecordFlags.MALFORMED)
    assert (record.headers["content-encoding"], record.headers["user-agent"]) == (encoding, "t")


def test_a_body_that_is_decoded_and_then_no_batch_is_kept_decoded(ingest: IngestProcess) -> None:
    headers = {"X-Write-Key": KEY, "Content-Encoding": "gzip"}
    answer = httpx.post(f"{ingest.url}/v1/events", content=gzip.compress(b'{"events": 7}'), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    record = ingest.spooled()[-1]
    assert (record.body, "content-encoding" in record.headers) == (b'{"events": 7}', False)
