"""Keys, routes and verdicts of Segment's and RudderStack's calls at the door, without HTTP."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ingest_service.answers import MalformedBodyError, RefusalError
from ingest_service.protocols.segment.answers import refuse_segment
from ingest_service.protocols.segment.documents import address_of, settings
from ingest_service.protocols.segment.judge import MAX_EVENTS, MAX_NAME_LENGTH, judge
from ingest_service.protocols.segment.keys import header_key
from ingest_service.protocols.segment.pixel import MAX_DEPTH, call_of
from ingest_service.protocols.segment.routes import KINDS, ROUTES
from ingest_service.protocols.segment.wire import SegmentWire

TRACK = {"type": "track", "event": "X", "messageId": "m", "userId": "u"}


def basic(text: str) -> bytes:
    return b"Basic " + base64.b64encode(text.encode())


def scope_of(path: str, query: str = "", **fields: Any) -> Any:
    return {"path": path, "query_string": query.encode(), "scheme": "http", "server": ("127.0.0.1", 80), **fields}


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({b"authorization": basic("WK:")}, b"WK"),
        ({b"authorization": basic("WK")}, b"WK"),
        ({b"authorization": basic("WK:ignored")}, b"WK"),
        ({b"authorization": b"basic " + base64.b64encode(b"WK:")}, b"WK"),
        ({b"authorization": basic("WK:"), b"x-write-key": b"other"}, b"WK"),
        ({b"x-write-key": b"WK"}, b"WK"),
        ({b"authorization": basic("WK:").replace(b"Basic", b"Bearer")}, None),
        ({b"authorization": b"Basic !!!"}, None),
        ({b"authorization": b"Basic"}, None),
        ({b"authorization": basic(":")}, None),
        ({}, None),
    ],
)
def test_the_key_is_the_user_name_of_basic_authorization_with_or_without_its_colon(
    headers: dict[bytes, bytes], key: bytes | None
) -> None:
    assert header_key(headers) == key


@pytest.mark.parametrize(
    ("query", "body", "key"),
    [
        ("", {"writeKey": "body"}, "body"),
        ("writeKey=query", {"writeKey": "body"}, "body"),
        ("writeKey=query", {}, "query"),
        ("writeKey=query", {"writeKey": 7}, "query"),
        ("", {}, None),
    ],
)
def test_the_bodys_key_comes_before_the_querys(query: str, body: dict[str, Any], key: str | None) -> None:
    wire, scope = SegmentWire(), scope_of("/v1/track", query)
    assert wire.early_key(scope, {}) is None
    assert wire.read(scope, {}, json.dumps(TRACK | body).encode()).key == key


def test_a_beacon_has_its_key_in_the_query_before_its_body_is_read() -> None:
    assert SegmentWire().early_key(scope_of("/beacon/v1/batch", "writeKey=WK"), {}) == "WK"


def test_each_route_of_the_browsers_first_letters_is_the_same_as_its_word() -> None:
    assert {letter: ROUTES[f"/v1/{letter}"] for letter in "tpsigab"} == {
        "t": "track",
        "p": "page",
        "s": "screen",
        "i": "identify",
        "g": "group",
        "a": "alias",
        "b": "batch",
    }


@pytest.mark.parametrize(
    ("call", "route", "verdict"),
    [
        (TRACK, "batch", ("ok", "")),
        (TRACK | {"type": None}, "track", ("ok", "")),
        (TRACK | {"type": "Track"}, "batch", ("ok", "")),
        (TRACK | {"messageId": 17}, "batch", ("ok", "")),
        (TRACK | {"userId": None, "anonymousId": "a"}, "batch", ("ok", "")),
        (TRACK | {"messageId": None}, "batch", ("warning", "missing_message_id")),
        (TRACK | {"messageId": ""}, "batch", ("warning", "missing_message_id")),
        (TRACK | {"messageId": "m" * 201}, "batch", ("warning", "missing_message_id")),
        (TRACK | {"messageId": {}}, "batch", ("warning", "missing_message_id")),
        (TRACK | {"userId": None}, "batch", ("warning", "missing_identity")),
        (TRACK | {"event": None}, "batch", ("drop", "missing_name")),
        (TRACK | {"event": ""}, "batch", ("drop", "missing_name")),
        (TRACK | {"event": 5}, "batch", ("drop", "invalid_name")),
        (TRACK | {"event": "x" * (MAX_NAME_LENGTH + 1)}, "batch", ("drop", "name_too_long")),
        (TRACK | {"type": None}, "batch", ("drop", "missing_type")),
        (TRACK | {"type": "order"}, "batch", ("drop", "invalid_type")),
        (TRACK | {"type": ["track"]}, "batch", ("drop", "invalid_type")),
        ("text", "batch", ("drop", "not_an_object")),
        (None, "batch", ("drop", "not_an_object")),
    ],
)
def test_a_call_is_dropped_only_when_nobody_can_say_what_it_is(call: Any, route: str, verdict: tuple[str, str]) -> None:
    (result,) = judge(json.dumps({"batch": [call]}).encode(), route).results
    assert (result.status, result.code) == verdict


@pytest.mark.parametrize("kind", sorted(KINDS - {"track"}))
def test_only_a_track_call_needs_a_name(kind: str) -> None:
    (result,) = judge(json.dumps({"type": kind, "messageId": "m", "userId": "u"}).encode(), kind).results
    assert result.status == "ok"


@pytest.mark.parametrize(
    ("body", "route", "pointer"),
    [
        (b"", "track", None),
        (b"{", "track", None),
        (b"[]", "track", ""),
        (b'"text"', "batch", ""),
        (b'{"batch": "text"}', "batch", "/batch"),
        (b'{"batch": {}}', "track", "/batch"),
        (b'{"type": "track"}', "batch", "/batch"),
        (b'{"a":' * 5000, "track", None),
    ],
)
def test_a_body_that_is_neither_a_call_nor_a_batch_is_malformed_and_says_where(
    body: bytes, route: str, pointer: str | None
) -> None:
    with pytest.raises(MalformedBodyError) as raised:
        judge(body, route)
    assert raised.value.refusal.pointer == pointer


def test_a_batch_of_more_than_segment_allows_is_too_large() -> None:
    body = {"batch": [TRACK] * MAX_EVENTS}
    assert len(judge(json.dumps(body).encode(), "batch").results) == MAX_EVENTS
    for extra in (TRACK, "text"):
        with pytest.raises(RefusalError) as raised:
            judge(json.dumps({"batch": [*body["batch"], extra]}).encode(), "batch")
        assert (raised.value.status, raised.value.refusal.code) == (413, "too_many_events")


@pytest.mark.parametrize(
    ("status", "code", "answered"),
    [
        (503, "spool_full", 429),
        (503, "spool_unavailable", 503),
        (503, "starting", 503),
        (503, "keys_unavailable", 503),
        (429, "over_fair_share", 429),
        (413, "body_too_large", 413),
        (401, "unknown_write_key", 401),
        (403, "origin_not_allowed", 403),
    ],
)
def test_only_a_long_overload_is_answered_otherwise_than_by_the_service(status: int, code: str, answered: int) -> None:
    answer = refuse_segment(RefusalError(status, code, "why", retry_after=7))
    assert answer.status == answered
    assert (b"retry-after", b"7") in answer.extra
    assert json.loads(answer.body) == {"code": code, "message": "why"}


def test_a_pixels_dots_are_the_calls_levels() -> None:
    query = "writeKey=WK&event=Mail%20Opened&context.page.url=https%3A%2F%2Fshop.example&properties=x&properties.a=1"
    assert call_of(query.encode()) == {
        "writeKey": "WK",
        "event": "Mail Opened",
        "properties": {"a": "1"},
        "context": {"page": {"url": "https://shop.example"}},
    }


def test_a_pixel_is_bounded_in_fields_and_in_depth() -> None:
    with pytest.raises(MalformedBodyError):
        call_of(b"&".join(b"a%d=1" % n for n in range(300)))
    call, depth = call_of(b"a." * 1000 + b"=1"), 0
    while isinstance(call, dict):
        (call,) = call.values()
        depth += 1
    assert depth == MAX_DEPTH + 1


@pytest.mark.parametrize(
    ("headers", "scope", "address"),
    [
        ({b"host": b"c.example"}, {}, ("http", "c.example")),
        ({b"host": b"c.example:8080"}, {"scheme": "https"}, ("https", "c.example:8080")),
        ({b"host": b"c.example", b"x-forwarded-proto": b"https"}, {}, ("https", "c.example")),
        ({b"host": b"c.example", b"origin": b"https://shop.example"}, {}, ("https", "c.example")),
        ({b"host": b"c.example", b"origin": b"http://shop.example"}, {}, ("http", "c.example")),
        ({b"host": b"127.0.0.1:80", b"origin": b"https://shop.example"}, {}, ("http", "127.0.0.1:80")),
        ({b"host": b'evil"/<x>'}, {}, ("http", "127.0.0.1:80")),
        ({}, {}, ("http", "127.0.0.1:80")),
    ],
)
def test_the_settings_name_the_host_and_scheme_that_the_client_used(
    headers: dict[bytes, bytes], scope: dict[str, Any], address: tuple[str, str]
) -> None:
    assert address_of(scope_of("/v1/projects/WK/settings", **scope), headers) == address


def test_the_settings_keep_the_browser_from_asking_or_telling_anyone_else() -> None:
    document = settings("WK", "https", "c.example")
    assert list(document["integrations"]) == ["Segment.io"]
    assert document["integrations"]["Segment.io"]["apiHost"] == "c.example/v1"
    assert document["metrics"] == {"sampleRate": 0}
    assert document["remotePlugins"] == []
