"""The native protocol: one answer an event, and a clear word on a body that is none."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.contracts.events import MAX_EVENTS_PER_REQUEST, NativeEvent
from ingest_service.answers import MalformedBodyError, RefusalError
from ingest_service.protocols import native

GOOD = {"event_id": "e1", "name": "page_viewed", "time": "2026-11-22T10:00:00Z", "anonymous_id": "a"}


def judge(*events: Any) -> list[tuple[str | None, str, str]]:
    results = native.judge(native.prepare(json.dumps({"events": list(events)}).encode()))
    return [(result.event_id, result.status, result.code) for result in results]


def test_a_whole_event_is_ok() -> None:
    assert judge(GOOD) == [("e1", "ok", "")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"time": None}, "missing_time"),
        ({"anonymous_id": None}, "missing_identity"),
        ({"time": "yesterday"}, "invalid_field"),
        ({"anonymous_id": "x" * 500}, "invalid_field"),
        ({"user_id": [1]}, "invalid_field"),
    ],
)
def test_an_event_that_lacks_or_garbles_an_optional_field_is_stored_with_a_warning(change: dict[str, Any], code: str) -> None:
    assert judge({**GOOD, **change}) == [("e1", "warning", code)]


@pytest.mark.parametrize(
    ("event", "event_id", "code"),
    [
        (7, None, "not_an_object"),
        (None, None, "not_an_object"),
        ([GOOD], None, "not_an_object"),
        ({**GOOD, "event_id": None}, None, "missing_event_id"),
        ({"name": "x"}, None, "missing_event_id"),
        ({**GOOD, "event_id": ""}, "", "missing_event_id"),
        ({**GOOD, "event_id": 5}, None, "invalid_event_id"),
        ({**GOOD, "event_id": "x" * 201}, "x" * 200, "event_id_too_long"),
        ({"event_id": "e1"}, "e1", "missing_name"),
        ({**GOOD, "name": {}}, "e1", "invalid_name"),
        ({**GOOD, "name": "n" * 201}, "e1", "name_too_long"),
        ({**GOOD, "name": "n" * 201, "time": "bad"}, "e1", "name_too_long"),
        ({**GOOD, "time": "bad", "event_id": 5}, None, "invalid_event_id"),
    ],
)
def test_an_unusable_event_is_dropped_with_its_reason(event: Any, event_id: str | None, code: str) -> None:
    assert judge(event) == [(event_id, "drop", code)]


def test_one_bad_event_does_not_hurt_its_batch() -> None:
    assert [status for _, status, _ in judge(GOOD, 7, {**GOOD, "event_id": "e2"}, {"name": "x"})] == ["ok", "drop", "ok", "drop"]


def test_a_user_without_a_device_has_an_identity() -> None:
    assert judge({**GOOD, "anonymous_id": None, "user_id": 42}) == [("e1", "ok", "")]


@pytest.mark.parametrize(
    ("body", "where", "message"),
    [
        (b"", {"byte": 0, "line": 1}, "empty"),
        (b'{"events": [\n\n{"event_id": nope}]}', {"byte": 27, "line": 3}, "expecting value at byte 27, line 3"),
        (b'{"events": [', {"byte": 12, "line": 1}, "expecting value"),
        (b'{"events": []} x', {"byte": 15, "line": 1}, "extra data"),
        ('{"events": ["\u00e9", ]}'.encode(), {"byte": 18, "line": 1}, "expecting value"),
        (b'{"events": [NaN]}', {"line": 1}, "invalid character"),
        (b"[]", {"pointer": ""}, "Expected `object`, got `array`"),
        (b'{"events": {}}', {"pointer": "/events"}, "Expected `array`, got `object`"),
        (b"{}", {"pointer": ""}, "missing required field `events`"),
        (b'{"events": [{"event_id": "\xff"}]}', {"byte": 26, "line": 1}, "not UTF-8"),
        (b'{"events": ' + b"[" * 100_000, {}, "nested too deeply"),
    ],
)
def test_a_malformed_body_is_refused_saying_where_and_why(body: bytes, where: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedBodyError, match=message) as refused:
        native.judge(native.prepare(body))
    found = {field: getattr(refused.value.refusal, field) for field in where}
    assert (refused.value.status, found) == (400, where)


def test_too_many_events_are_refused_with_the_limit() -> None:
    body = json.dumps({"events": [GOOD] * (MAX_EVENTS_PER_REQUEST + 1)}).encode()
    with pytest.raises(RefusalError, match="at most 1000") as refused:
        native.judge(body)
    assert refused.value.status == 413


def test_half_an_emoji_costs_one_character_and_no_event() -> None:
    body = rb'{"events": [{"event_id": "e1", "name": "x\ud83d", "time": 1, "anonymous_id": "\\ud83d \ud83d\ude00 \udE00"}]}'
    mended = native.prepare(body)
    event = json.loads(mended)["events"][0]
    assert (event["name"], event["anonymous_id"]) == ("x\ufffd", "\\ud83d \U0001f600 \ufffd")
    assert [result.status for result in native.judge(mended)] == ["ok"]


def test_the_loader_judges_an_event_as_the_http_worker_did() -> None:
    body = json.dumps({"events": [GOOD, 7, {"name": "x"}, {**GOOD, "time": "bad"}, {**GOOD, "name": 1}]}).encode()
    assert [native.judge_event(event) for event in native.split(body)] == native.judge(body)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["event_id", "name", "time", "x"]), inner),
    max_leaves=8,
)


@given(st.lists(anything, max_size=6))
def test_any_json_gets_one_answer_an_event_and_the_usable_ones_decode(events: list[Any]) -> None:
    body = native.prepare(json.dumps({"events": events}).encode())
    results = native.judge(body)
    assert len(results) == len(events)
    for event, result in zip(native.split(body), results, strict=True):
        if result.status == "ok":
            assert msgspec.json.decode(event, type=NativeEvent).event_id == result.event_id


@given(st.binary(max_size=60))
def test_any_bytes_are_either_a_batch_or_refused_as_malformed(body: bytes) -> None:
    try:
        native.judge(native.prepare(body))
    except MalformedBodyError as error:
        assert error.refusal.message
