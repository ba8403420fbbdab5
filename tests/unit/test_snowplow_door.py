"""Snowplow's protocol at the door: which paths, whose key, and what becomes of each event of a body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from snowplow_wire import PAYLOAD, body, plain

from gxy_analytics.contracts.events import MAX_EVENTS_PER_REQUEST
from ingest_service.answers import MalformedBodyError, RefusalError
from ingest_service.protocols.snowplow.envelope import body_of, judge, split
from ingest_service.protocols.snowplow.routes import early_key, pairs_of, told
from ingest_service.protocols.snowplow.wire import SNOWPLOW_WIRES, PayloadWire, PixelWire

POST, PIXEL = SNOWPLOW_WIRES
KEY = "0123456789abcdef0123456789abcdef"


def scope_of(path: str, query: str = "") -> Any:
    return {"path": path, "query_string": query.encode(), "method": "POST"}


def verdicts(*events: Any, **overlay: str) -> list[tuple[str | None, str, str]]:
    return [(result.event_id, result.status, result.code) for result in judge(body(*events), overlay)[0]]


@pytest.mark.parametrize(
    ("path", "is_post", "is_pixel"),
    [
        ("/com.snowplowanalytics.snowplow/tp2", True, True),
        ("/com.example.shop/v1", True, True),
        (f"/{KEY}/tp2", True, True),
        (f"/gxys_{KEY}/tp2", True, True),
        ("/i", False, True),
        ("/ice.png", False, True),
        ("/v1/events", False, False),
        ("/v1/t", False, False),
        ("/v1/tp2", False, False),
        ("/beacon/v1/batch", False, False),
        ("/r/tp2", False, False),
        ("/a/b", False, False),
        ("/.git/config", False, False),
        ("/../tp2", False, False),
        ("//tp2", False, False),
        ("/i/", False, False),
        ("/com.example/tp2/x", False, False),
        ("/com.example/", False, False),
        ("", False, False),
    ],
)
def test_a_path_is_taken_only_where_it_can_be_no_other_protocol_s(path: str, is_post: bool, is_pixel: bool) -> None:
    assert (POST.matches(path), PIXEL.matches(path)) == (is_post, is_pixel)


@pytest.mark.parametrize(
    ("path", "query", "headers", "key"),
    [
        ("/a.b/tp2", "key=q", {b"x-write-key": b"h"}, b"h"),
        ("/path/tp2", "key=q", {}, "q"),
        ("/path/tp2", "", {b"host": f"{KEY}.collect.example".encode()}, "path"),
        ("/a.b/tp2", "", {b"host": f"{KEY}.collect.example:8443".encode()}, KEY.encode()),
        ("/a.b/tp2", "", {b"host": b"collect.example"}, None),
        ("/a.b/tp2", "", {b"host": f"{KEY}0.collect.example".encode()}, None),
        ("/i", "e=pv&aid=shop", {}, None),
    ],
)
def test_a_key_is_looked_for_in_header_query_path_and_host(path: str, query: str, headers: dict[bytes, bytes], key: Any) -> None:
    assert early_key(scope_of(path, query), headers, dict(pairs_of(scope_of(path, query)))) == key


def test_the_app_id_of_the_query_is_a_key_before_the_body_is_read_and_that_of_the_first_event_after() -> None:
    assert POST.early_key(scope_of("/a.b/tp2", "aid=q"), {}) == "q"
    assert POST.early_key(scope_of("/a.b/tp2"), {}) is None
    assert POST.read(scope_of("/a.b/tp2"), {}, body(plain(aid="first"), plain(aid="second"))).key == "first"
    assert POST.read(scope_of("/a.b/tp2"), {}, body(plain(aid="first"), {"e": 7})).key == "first"
    assert POST.read(scope_of("/a.b/tp2"), {}, body({"e": [1], "aid": "x"})).key is None


@pytest.mark.parametrize(
    ("event", "verdict"),
    [
        (plain(eid="1"), ("1", "ok", "")),
        (plain(eid=None), (None, "warning", "missing_event_id")),
        (plain(eid=""), (None, "warning", "missing_event_id")),
        (plain(eid="1", dtm=None), ("1", "warning", "missing_time")),
        (plain(eid="1", duid=None), ("1", "warning", "missing_identity")),
        (plain(eid="1", dtm=5), ("1", "ok", "")),
        ("text", (None, "drop", "not_an_object")),
        ({"eid": "1"}, ("1", "drop", "missing_name")),
        ({"e": {}, "eid": "1"}, ("1", "drop", "invalid_name")),
        ({"e": "pv", "eid": []}, (None, "drop", "invalid_event_id")),
        ({"e": "pv", "eid": "x" * 201}, ("x" * 200, "drop", "event_id_too_long")),
        ({"e": "x" * 201, "eid": "1"}, ("1", "drop", "name_too_long")),
    ],
)
def test_each_event_has_a_verdict_of_its_own(event: Any, verdict: tuple[Any, ...]) -> None:
    neighbour = plain(eid="n")
    assert verdicts(neighbour, event, neighbour) == [("n", "ok", ""), verdict, ("n", "ok", "")]


def test_an_overlay_of_the_query_decides_with_the_event() -> None:
    assert verdicts({"e": "pv", "dtm": "1"}, eid="1", uid="u") == [("1", "ok", "")]


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (b"", None),
        (b"nonsense", None),
        (b"[]", None),
        (b"{}", None),
        (b'{"data":7}', "/data"),
        (b'{"schema":7,"data":[]}', "/schema"),
        (b'{"schema":"iglu:a/contexts/jsonschema/1-0-0","data":[]}', "/schema"),
        (b'{"data":' + b"[" * 5000, None),
    ],
)
def test_a_body_that_is_no_payload_data_says_why(sent: bytes, pointer: str | None) -> None:
    with pytest.raises(MalformedBodyError) as refused:
        judge(sent, {})
    assert refused.value.refusal.message
    assert pointer is None or refused.value.refusal.pointer == pointer


def test_a_body_without_a_schema_is_taken_and_one_with_too_many_events_is_not() -> None:
    assert len(split(json.dumps({"data": [plain()]}).encode())) == 1
    with pytest.raises(RefusalError) as refused:
        judge(body(*[{"e": "pv"}] * (MAX_EVENTS_PER_REQUEST + 1)), {})
    assert POST.refuse(scope_of("/a.b/tp2"), refused.value).status == 400


def test_an_empty_payload_says_nothing() -> None:
    assert judge(body(), {}) == ([], None)


def test_a_query_is_spooled_as_payload_data_without_the_key() -> None:
    reading = PIXEL.read(scope_of("/i", "e=pv&key=secret&page=a+b%26c&url=&page=%ff"), {}, b"")
    assert reading.body == b'{"schema":"%s","data":[{"e":"pv","page":"a b&c","url":"","page":"\xef\xbf\xbd"}]}' % PAYLOAD.encode()
    assert body_of([]) == b'{"schema":"%s","data":[{}]}' % PAYLOAD.encode()
    with pytest.raises(RefusalError) as refused:
        pairs_of(scope_of("/i", "&".join(f"a{n}=1" for n in range(300))))
    assert refused.value.status == 400


def test_what_the_adapter_must_know_is_noted() -> None:
    anonymous = {b"sp-anonymous": b"*", b"x-write-key": b"k"}
    assert PayloadWire().notes(scope_of("/a.b/tp2", "key=k&aid=a%26b"), anonymous) == {
        "gxy-anonymous": "1",
        "gxy-no-address": "1",
        "gxy-query": "aid=a%26b",
    }
    assert PixelWire().notes(scope_of("/i", "e=pv&aid=k"), {}) == {"gxy-app-key": "1"}
    assert told([("key", "k"), ("e", "pv")]) == [("e", "pv")]
