"""What a request says about its calls (route, header, batch, key), and by what a call is known again."""

from __future__ import annotations

import json

import pytest
from segment_calls import RECEIVED_MS, call, read, request

from ingest_service.loader.draft import Draft
from ingest_service.loader.segment.adapter import SEGMENT
from ingest_service.protocols.segment.routes import ANONYMOUS_ID_NOTE


def test_a_single_call_is_what_its_route_says_when_it_does_not_say_it_itself() -> None:
    draft = Draft()
    SEGMENT.read(b'{"userId":"u","messageId":"m","previousId":"a"}', request("alias"), draft)
    assert [event.name for event in draft.events] == ["alias"]


@pytest.mark.parametrize(("header", "found"), [("YS0x", "a-1"), ("a-1", "a-1")])
def test_rudders_header_names_the_visitor_of_a_call_that_names_nobody(header: str, found: str) -> None:
    nobody, somebody = call(anonymousId=None), call(anonymousId=None, userId="u", messageId="m-2")
    draft = read(nobody, somebody, notes={ANONYMOUS_ID_NOTE: header})
    assert [event.anonymous_id for event in draft.events] == [found, None]


def test_the_context_of_a_batch_lies_beneath_that_of_its_calls_and_goes_into_their_letters() -> None:
    shared = {"context": {"locale": "de", "timezone": "UTC"}, "integrations": {"All": True}}
    draft = read(call(), call(messageId="m-2", context={"locale": "en"}), call(type=None), shared=shared)
    assert [(event.client.locale, event.client.timezone) for event in draft.events if event.client] == [
        ("de", "UTC"),
        ("en", "UTC"),
    ]
    assert json.loads(draft.letters[0].raw)["context"] == shared["context"]


def test_only_a_secret_key_may_say_whose_address_and_user_agent_it_is() -> None:
    given = call(context={"ip": "203.0.113.77", "userAgent": "Mozilla/5.0"})
    for trusted, expected in ((True, ("203.0.113.0", "Mozilla/5.0")), (False, ("192.0.2.0", "header/1"))):
        draft = read(given, call(messageId="m-2"), is_trusted=trusted)
        first, second = (draft.requests[owner] for owner in draft.owner)
        assert (first.ip_truncated, first.user_agent) == expected
        assert (second.ip_truncated, second.user_agent) == ("192.0.2.0", "header/1")
        assert sum(one.accepted for one in draft.requests) == 2


def test_where_addresses_are_dropped_a_secret_key_brings_none_in() -> None:
    draft = read(call(context={"ip": "203.0.113.77"}), is_trusted=True, ip_truncated="")
    assert draft.requests[draft.owner[0]].ip_truncated == ""


def test_the_sending_time_is_the_batchs_or_else_each_calls_own() -> None:
    sent = "2026-11-22T11:00:00.500Z"
    draft = read(call(sentAt=sent), call(messageId="m-2"))
    assert [draft.requests[owner].sent_ms for owner in draft.owner] == [1795345200500, None]
    draft = read(call(sentAt="2020-01-01T00:00:00Z"), shared={"sentAt": sent})
    assert [draft.requests[owner].sent_ms for owner in draft.owner] == [1795345200500]
    assert sum(one.accepted for one in draft.requests) == 1


def test_a_call_without_an_id_is_known_again_by_its_content() -> None:
    given = call(messageId=None, timestamp="2026-11-22T10:00:00Z", properties={"a": 1, "b": 2})
    again = dict(reversed(given.items())) | {"sentAt": "2026-11-22T12:00:00Z", "_metadata": {"tries": 2}}
    other = given | {"properties": {"a": 1, "b": 3}}
    first, second, third = (read(one, received_ms=n).events[0].event_id for n, one in enumerate((given, again, other)))
    assert first == second
    assert first != third
    assert first.startswith("content-")


def test_equal_calls_without_an_id_and_without_a_time_may_well_be_two() -> None:
    given = call(messageId=None)
    ids = {event.event_id for event in read(given, given).events} | {read(given, received_ms=1).events[0].event_id}
    assert len(ids) == 3
    assert read(given).events[0].event_id == read(given).events[0].event_id


def test_a_retry_says_the_same_whatever_its_client_changes_on_the_way() -> None:
    context = {"page": {"url": "https://s.example/"}, "library": {"name": "analytics.js", "version": "1"}}
    first = call(context=context, sentAt="2026-11-22T10:00:00Z", _metadata={"bundled": []})
    again = first | {"sentAt": "2026-11-22T10:05:00Z", "_metadata": {"bundled": ["x"]}, "writeKey": "WK"}
    again |= {"context": context | {"network": {"downlink": 3}}}
    assert read(first).events == read(again, received_ms=RECEIVED_MS + 300_000).events
