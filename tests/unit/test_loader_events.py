"""Bodies into events: what the HTTP worker called ok is readable here, whatever else is in it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gxy_analytics.contracts import events as contract
from ingest_service.enrich.enrich import Enrichment
from ingest_service.loader import event as fast
from ingest_service.loader.assemble import event_rows
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.native import read_body
from ingest_service.loader.sift import sift
from ingest_service.loader.timing import place
from ingest_service.loader.web import AddressBook
from ingest_service.protocols.native import DROP, judge
from ingest_service.protocols.native import prepare as prepare_body

quick = settings(deadline=None, max_examples=60)
RECEIVED = 1_780_000_000_000
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(contract.NativeEvent.__struct_encode_fields__)
parts = st.sampled_from(["url", "price", "quantity", "product_id", "value", "click_ids", "source", "list_id", "locale"])
events = st.dictionaries(
    names, anything | st.dictionaries(parts, anything, max_size=4) | st.lists(st.dictionaries(parts, anything))
)
likely = st.builds(lambda extra: {"event_id": "e", "name": "n", **extra}, events)


def read(body: bytes) -> Draft:
    draft = Draft()
    read_body(body, Request("acme", "native", RECEIVED, 0), draft)
    return draft


def rows_of(draft: Draft) -> list[dict[str, Any]]:
    timed = place(draft, lambda _: None)
    table = event_rows(draft, timed, ("slot", 1), RECEIVED, lambda tenant, user: f"{tenant}:{user}", AddressBook(), Enrichment())
    found: list[dict[str, Any]] = table.to_pylist()
    return found


@settings(deadline=None, max_examples=80)
@given(st.lists(events | likely | anything, max_size=4))
def test_exactly_the_events_that_were_not_answered_drop_become_rows(given_events: list[Any]) -> None:
    body = prepare_body(json.dumps({"events": given_events}).encode())
    verdicts = judge(body)
    draft = read(body)
    kept = [number for number, verdict in enumerate(verdicts) if verdict.status != DROP]
    assert draft.index == kept
    assert [letter.index for letter in draft.letters] == [n for n in range(len(verdicts)) if n not in kept]
    assert [letter.reason for letter in draft.letters] == [verdict.code for verdict in verdicts if verdict.status == DROP]
    if kept:
        assert len(rows_of(draft)) == len(kept)


@quick
@given(st.binary(max_size=60))
def test_any_body_gives_events_or_dead_letters_and_never_an_error(body: bytes) -> None:
    draft = read(body)
    assert draft.requests[0].accepted == len(draft.events) + len(draft.letters)


def test_the_fast_event_has_the_fields_of_the_contract() -> None:
    for name in ("Page", "Item", "Cart", "Order", "Search", "ProductList", "Campaign", "Client"):
        assert getattr(fast, name).__struct_encode_fields__ == getattr(contract, name).__struct_encode_fields__
    assert fast.Event.__struct_encode_fields__ == contract.NativeEvent.__struct_encode_fields__


def test_an_event_as_the_contract_says_gives_no_warning_and_the_same_rows_beside_an_odd_one() -> None:
    good = {
        "event_id": "e1",
        "name": "product_viewed",
        "time": "2026-05-28T20:26:40Z",
        "user_id": 7,
        "items": [{"product_id": 1, "price": "1.10"}],
        "page": {"url": "https://a.b/c?utm_source=x"},
        "properties": {"k": [1, 2.50]},
    }
    alone = rows_of(read(json.dumps({"events": [good]}).encode()))[0]
    beside = rows_of(read(json.dumps({"events": [good, {"event_id": "e2", "name": "n", "surprise": 1}]}).encode()))
    assert "warnings" not in alone
    assert beside[0].pop("warnings") == []
    assert {key: value for key, value in beside[0].items() if key in alone} == alone
    assert beside[1]["warnings"] == ["unknown_field", "time_missing"]
    assert json.loads(beside[1]["properties"]) == {"surprise": 1}


def test_an_id_that_is_no_uuid_gets_one_of_its_own_in_each_tenant() -> None:
    def uuid_of(tenant: str) -> bytes:
        draft = Draft()
        read_body(b'{"events":[{"event_id":"order-1","name":"n"}]}', Request(tenant, "native", RECEIVED, 0), draft)
        found: bytes = rows_of(draft)[0]["event_id"]
        return found

    assert uuid_of("acme") == uuid_of("acme") != uuid_of("globex")


def test_a_retry_has_the_same_fingerprint_whatever_its_sent_at_and_key_order() -> None:
    first = b'{"sent_at":1,"events":[{"event_id":"e","name":"n","page":{"url":"u"}}]}'
    again = b'{"sent_at":999999999999,"events":[{"page":{"url":"u"}, "name":"n","event_id":"e"}]}'
    draft = read(first)
    read_body(again, Request("acme", "native", RECEIVED, 1), draft)
    sifted = sift(draft, lambda keys: set(), lambda key: None)
    assert (len(sifted.draft.events), sifted.repeats["acme"], draft.letters) == (1, 1, [])
