"""Whatever is sent on Segment's routes, door and loader agree: each call is an event or a dead letter, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segment_calls import request

from ingest_service.answers import MalformedBodyError, RefusalError
from ingest_service.loader.draft import Draft
from ingest_service.loader.quality import check
from ingest_service.loader.segment.adapter import SEGMENT
from ingest_service.loader.segment.layouts import LAYOUTS, PRODUCT_LAYOUT
from ingest_service.loader.segment.names import SPEC
from ingest_service.loader.sift import sift
from ingest_service.protocols import native
from ingest_service.protocols.segment.judge import judge
from ingest_service.protocols.segment.routes import KINDS, ROUTES
from tests.conftest import SHARED_DATA

RECORDINGS = SHARED_DATA / "wire" / "rec.jsonl"
EXAMPLES = 250

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
PROPERTIES = sorted({name for layout in (*LAYOUTS.values(), PRODUCT_LAYOUT) for name in layout.targets} | {"products", "revenue"})
CONTEXT = ["page", "campaign", "screen", "library", "app", "consent", "consentManagement", "sessionId", "locale", "ip", "traits"]
INNER = ["url", "search", "title", "name", "version", "width", "height", "categoryPreferences", "allowedConsentIds", "namespace"]
FIELDS = ["messageId", "anonymousId", "userId", "previousId", "groupId", "timestamp", "originalTimestamp", "sentAt"]
FIELDS += ["name", "category", "channel", "traits", "mergeProperties", "integrations"]


def some(names: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), values, max_size=6)


products = st.lists(some(PROPERTIES, anything) | anything, max_size=3)
calls = st.builds(
    lambda fields, kind, event, properties, context: (
        fields | {"type": kind, "event": event, "properties": properties, "context": context}
    ),
    some(FIELDS, anything),
    st.sampled_from(sorted(KINDS)) | scalars,
    st.sampled_from(sorted(SPEC)) | scalars,
    some(PROPERTIES, anything | products) | anything,
    some(CONTEXT, anything | some(INNER, anything)) | anything,
)
bodies = (
    st.builds(
        lambda batch, shared: shared | {"batch": batch},
        st.lists(calls | anything, max_size=4),
        some(["sentAt", "context"], anything),
    )
    | calls
    | anything
).map(lambda value: json.dumps(value).encode())
mangled = st.builds(
    lambda body, at, byte: body[:at] + bytes([byte]) + body[at:], bodies, st.integers(0, 200), st.integers(0, 255)
)


def both(body: bytes, route: str) -> None:
    """The door's verdicts, and the loader's draft, sifted and checked as it would be."""
    try:
        prepared = native.prepare(body)
        results = judge(prepared, route).results
    except MalformedBodyError as malformed:
        assert malformed.refusal.message
        return
    draft = Draft()
    SEGMENT.read(prepared, request(route), draft)
    dropped = [number for number, result in enumerate(results) if result.status == native.DROP]
    assert [letter.index for letter in draft.letters] == dropped
    assert [letter.reason for letter in draft.letters] == [results[number].code for number in dropped]
    assert draft.index == [number for number in range(len(results)) if number not in dropped]
    assert sum(one.accepted for one in draft.requests) == len(results)
    check(draft)
    for event in draft.events:
        assert event.event_id
        assert msgspec.json.encode(event)
    for letter in draft.letters:
        again = Draft()
        SEGMENT.read(SEGMENT.rewrap(letter.raw, 5), request(route), again)
        assert [one.reason for one in again.letters] == [letter.reason]
    sift(draft, lambda keys: set(), lambda key: None)


@settings(max_examples=EXAMPLES, deadline=None)
@given(bodies, st.sampled_from(sorted(set(ROUTES.values()))))
def test_every_call_of_any_body_becomes_an_event_or_a_dead_letter_as_the_door_said(body: bytes, route: str) -> None:
    both(body, route)


@settings(max_examples=EXAMPLES, deadline=None)
@given(mangled | st.binary(max_size=60), st.sampled_from(sorted(set(ROUTES.values()))))
def test_a_body_with_a_wrong_byte_is_judged_the_same_by_both(body: bytes, route: str) -> None:
    both(body, route)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=80) | mangled, st.dictionaries(st.just("gxy-route"), st.text(max_size=8)))
def test_the_loader_reads_what_no_door_has_seen(body: bytes, notes: dict[str, str]) -> None:
    draft = Draft()
    SEGMENT.read(body, request(notes=notes), draft)
    assert len(draft.events) + len(draft.letters) == sum(one.accepted for one in draft.requests)


@pytest.mark.parametrize("depth", [200, 900, 3000, 100_000])
def test_deep_nesting_is_read_or_refused_and_never_a_crash(depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    for field in (b"properties", b"context", b"traits", b"event"):
        both(b'{"type":"track","event":"X","userId":"u",' + b'"' + field + b'":' + deep + b"}", "track")


def test_a_number_too_long_to_be_read_does_not_hurt_its_neighbours() -> None:
    long = b'{"type":"track","event":"X","userId":"u","properties":{"a":' + b"9" * 5000 + b"}}"
    draft = Draft()
    SEGMENT.read(b'{"batch":[' + long + b',{"type":"page","userId":"u"}]}', request(), draft)
    assert len(draft.events) + len(draft.letters) == 2
    assert draft.events[-1].name == "page_viewed"


@pytest.mark.skipif(not RECORDINGS.exists(), reason="the recorded requests are not here")
def test_every_recorded_request_is_taken_whole() -> None:
    count = 0
    for line in RECORDINGS.read_text().splitlines():
        recorded = json.loads(line)
        path = "/v1/" + recorded["p"].rpartition("/")[2]
        if recorded["m"] != "POST" or path not in ROUTES:
            continue
        body = recorded["b"].encode()
        results = judge(body, ROUTES[path]).results
        draft = Draft()
        SEGMENT.read(body, request(ROUTES[path], received_ms=int(recorded["t"] * 1000)), draft)
        check(draft)
        assert {result.status for result in results} == {"ok"}
        assert len(draft.events) == len(results)
        assert (draft.letters, draft.warnings) == ([], {})
        assert all(event.client and event.client.tracker_version and event.time for event in draft.events)
        count += len(results)
    assert count == 26


def test_a_refusal_of_the_door_is_explained_in_the_loader_too() -> None:
    for body in (b"", b"{", b"[]", b'{"batch":1}'):
        with pytest.raises(RefusalError) as raised:
            judge(body, "batch")
        assert str(SEGMENT.explain(body)) == str(raised.value)
    assert SEGMENT.explain(b'{"type":"track"}') is None
