"""Numbers that are JSON and that no parser makes a number of cost neither a request nor an event, whatever the protocol."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from segment_calls import request

from ingest_service.answers import MalformedBodyError
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.draft import Draft, Request
from ingest_service.protocols import native
from ingest_service.protocols.digits import exact, tolerant
from ingest_service.protocols.segment.judge import judge as judge_segment
from ingest_service.protocols.snowplow.envelope import judge as judge_snowplow

LONG = "9" * 4400
decode = tolerant(msgspec.json.Decoder(float_hook=exact).decode)


def loaded(protocol: str, body: bytes) -> Draft:
    draft = Draft()
    made = request() if protocol == "segment" else Request("acme", protocol, 1_795_346_237_759, 0)
    ADAPTERS[protocol].read(body, made, draft)
    return draft


def test_a_long_number_is_read_as_one_that_is_too_large_and_nothing_else_is_touched() -> None:
    found = decode(f'{{"a":{LONG},"b":"{LONG}","c":[-{LONG},{LONG}.5,"\\"{LONG}\\"",1]}}'.encode())
    shown = json.loads(msgspec.json.encode(found), parse_float=str, parse_int=str)
    assert shown == {"a": "1e4300", "b": LONG, "c": ["1e4300", f"{LONG}.5", f'"{LONG}"', "1"]}


def test_what_cannot_be_for_another_reason_is_still_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        tolerant(msgspec.json.Decoder(dict[str, int]).decode)(b'{"a":"x"}')
    with pytest.raises(msgspec.DecodeError):
        decode(f'{{"a":{LONG},"cut'.encode())


def test_a_body_that_is_no_json_behind_a_long_number_is_refused_with_its_place_and_is_no_error_of_ours() -> None:
    body = f'{{"events":[{{"n":{LONG}}}],}}'.encode()
    for judge in (native.judge, lambda given: judge_segment(given, "batch")):
        with pytest.raises(MalformedBodyError) as raised:
            judge(body)
        assert raised.value.refusal.byte == len(body) - 1


@pytest.mark.parametrize("wrong", [LONG, f"-{LONG}", f'{{"deep":[{LONG}]}}', "1e400"])
def test_an_event_with_a_long_number_is_taken_by_door_and_loader_of_every_protocol(wrong: str) -> None:
    bodies: dict[str, tuple[str, Any]] = {
        "native": ('{"events":[{"event_id":"1","name":"x","time":%s,"anonymous_id":%s}]}', native.judge),
        "segment": (
            '{"batch":[{"type":"page","messageId":%s,"properties":{"a":%s}}]}',
            lambda body: judge_segment(body, "").results,
        ),
        "snowplow": ('{"data":[{"e":"pv","eid":"1","tr_tt":%s,"zz":%s}]}', lambda body: judge_snowplow(body, {})[0]),
    }
    for protocol, (text, judge) in bodies.items():
        body = (text % (wrong, wrong)).encode()
        assert [result.status for result in judge(body)] == ["warning"]
        draft = loaded(protocol, body)
        assert (len(draft.events), draft.letters) == (1, [])


def test_a_batch_with_a_long_number_beside_its_calls_keeps_them() -> None:
    draft = loaded("segment", f'{{"sentAt":{LONG},"batch":[{{"type":"page"}},{{"type":"page","name":"b"}}]}}'.encode())
    assert (len(draft.events), draft.letters) == (2, [])


@pytest.mark.parametrize("field", ["event_id", "name", "other"])
def test_a_body_that_was_no_utf_8_can_be_replayed_and_is_a_letter_again(field: str) -> None:
    body = b'{"events":[{"event_id":"1","name":["x"],"%s":"a\xed\xb8\x80"}]}' % field.encode()
    with pytest.raises(MalformedBodyError):
        native.prepare(body)
    assert [letter.reason for letter in loaded("native", body).letters] == ["unreadable"]
