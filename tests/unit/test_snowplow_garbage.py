"""Whatever arrives as Snowplow's protocol ends as rows, dead letters or a refusal: never as an error of ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from snowplow_wire import ECOMMERCE, NOW_MS, SNOWPLOW, contexts, encode, plain, told, uri

from gxy_analytics.governance.vault.letters import LetterSeal
from ingest_service.answers import RefusalError
from ingest_service.enrich.enrich import Enrichment
from ingest_service.loader.cut import Cut
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.prepare import Known, prepare
from ingest_service.loader.snowplow.adapter import SNOWPLOW as ADAPTER
from ingest_service.loader.snowplow.entities import ENTITIES
from ingest_service.loader.snowplow.events import CODES, SELF_DESCRIBING
from ingest_service.loader.snowplow.parameters import COMMON, RARE
from ingest_service.loader.web import AddressBook
from ingest_service.protocols import native
from ingest_service.protocols.native import DROP
from ingest_service.protocols.snowplow.envelope import body_of, judge, split
from ingest_service.protocols.snowplow.wire import QUERY_NOTE
from ingest_service.spool.record import SpoolRecord

quick = settings(deadline=None, max_examples=60)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["", "1e400000", "-1", "9" * 5000, "x" * 300, "\ud83d", "1795346237759", 10**400, -1.5, 2**64])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=6
)
schemas = st.sampled_from(
    [uri(*name) for name in (*ENTITIES, *SELF_DESCRIBING)]
    + [uri(SNOWPLOW, "consent_preferences"), uri("a.b", "own"), uri(ECOMMERCE, "snowplow_ecommerce_action"), "iglu:", "x", "é"]
)
fields = st.sampled_from(
    sorted(
        {field for entity in ENTITIES.values() for field in entity.rules} | {"type", "terms", "filters", "consentScopes", "xyz"}
    )
)
described = (
    st.fixed_dictionaries({"schema": schemas | scalars, "data": st.dictionaries(fields, values, max_size=6) | values}) | values
)
parameters = st.sampled_from(sorted({*COMMON, *RARE, *(name for code in CODES.values() for name in code.plan.known), "zz"}))


@st.composite
def events(draw: st.DrawFn) -> Any:
    """An event that is nearly one: known parameters with any values, payloads of any shape in either encoding, or nonsense."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    event = draw(st.dictionaries(parameters, scalars | values, max_size=6))
    event["e"] = draw(st.sampled_from([*CODES, "xx", None, 7]))
    if draw(st.booleans()):
        encoded = draw(st.booleans())
        payload = told(SNOWPLOW, "unstruct_event", draw(described)) if draw(st.booleans()) else draw(described)
        event["ue_px" if encoded else "ue_pr"] = encode(payload, encoded)
    if draw(st.booleans()):
        event |= contexts(*draw(st.lists(described, min_size=1, max_size=4)), encoded=draw(st.booleans()))
    return event


def prepared_rows(*bodies: bytes, **record: Any) -> tuple[list[dict[str, Any]], Any]:
    """Rows of the whole loader's preparation, and its commit."""
    given = {"ip_truncated": "192.0.2.0", "headers": {}, "flags": 0} | record
    records = [
        (number, SpoolRecord(NOW_MS * 1_000_000, "acme", "snowplow", body=body, **given)) for number, body in enumerate(bodies)
    ]
    known = Known(
        suspects=lambda keys: set(),
        lookup=lambda key: None,
        smallest_skew=lambda key: None,
        customer_pid=lambda tenant, user: f"{tenant}:{user}",
        addresses=AddressBook(),
        rules=Enrichment(),
        seal=LetterSeal(bytes(32)),
    )
    prepared = prepare(Cut("slot", 1, 0, len(bodies), records), NOW_MS, known)
    return (prepared.events.to_pylist() if prepared.events else []), prepared.commit


@settings(deadline=None, max_examples=150)
@given(st.lists(events(), max_size=4))
def test_every_event_is_a_row_or_a_letter_and_the_ledger_balances(given_events: list[Any]) -> None:
    try:
        body = native.prepare(json.dumps({"data": given_events}).encode())
    except RefusalError:
        return
    rows, commit = prepared_rows(body)
    (ledger,) = commit.ledger
    assert ledger.accepted == ledger.inserted + ledger.deduplicated + ledger.rejected == len(given_events)
    assert len(rows) == ledger.inserted


@settings(deadline=None, max_examples=60)
@given(st.lists(events(), max_size=4), st.dictionaries(parameters, st.text(max_size=8), max_size=2))
def test_the_loader_rejects_what_the_door_dropped_and_beyond_it_only_unreadable_payloads(
    given_events: list[Any], overlay: dict[str, str]
) -> None:
    body = native.prepare(json.dumps({"data": given_events}).encode())
    results, _ = judge(body, overlay)
    draft = Draft()
    ADAPTER.read(body, Request("acme", "snowplow", NOW_MS, 0, headers={QUERY_NOTE: urlencode(overlay)}), draft)
    dropped = [(number, result.code) for number, result in enumerate(results) if result.status == DROP]
    letters = [(letter.index, letter.reason) for letter in draft.letters if letter.reason != "invalid_payload"]
    assert letters == dropped


@quick
@given(st.binary(max_size=80))
def test_any_body_is_read_or_refused_with_a_reason(body: bytes) -> None:
    draft = Draft()
    ADAPTER.read(body, Request("acme", "snowplow", NOW_MS, 0), draft)
    assert draft.requests[0].accepted == len(draft.events) + len(draft.letters)
    refused = ADAPTER.explain(body)
    assert (refused is None) <= (draft.letters == [] or draft.letters[0].reason != "malformed_body")


@quick
@given(st.dictionaries(parameters, st.text(max_size=30), max_size=8))
def test_any_query_becomes_a_body_that_says_the_same(query: dict[str, str]) -> None:
    body = body_of(list(query.items()))
    (raw,) = split(body)
    assert msgspec.json.decode(raw) == query


@quick
@given(st.lists(events(), min_size=1, max_size=3))
def test_a_letter_put_into_a_body_again_is_the_same_letter(given_events: list[Any]) -> None:
    draft, again = Draft(), Draft()
    ADAPTER.read(native.prepare(json.dumps({"data": given_events}).encode()), Request("acme", "snowplow", NOW_MS, 0), draft)
    for letter in draft.letters:
        ADAPTER.read(ADAPTER.rewrap(letter.raw, None), Request("acme", "snowplow", NOW_MS, 0), again)
    assert [(letter.reason, letter.raw) for letter in again.letters] == [(letter.reason, letter.raw) for letter in draft.letters]


def test_json_as_deep_as_can_be_read_is_no_error_when_it_is_written_again() -> None:
    """What can just be read is written again from a deeper call."""

    def read(depth: int) -> Draft:
        nested = "[" * depth + "]" * depth
        wrapped = encode(told(SNOWPLOW, "unstruct_event", told("a.b", "c", "deep")), False).replace('"deep"', nested)
        entity = contexts(told("a.b", "c", "deep"))["co"].replace('"deep"', nested)
        draft = Draft()
        sent = json.dumps({"data": [plain("ue", ue_pr=wrapped), plain(co=entity), plain(page="deep")]}).replace('"deep"', nested)
        ADAPTER.read(sent.encode(), Request("acme", "snowplow", NOW_MS, 0), draft)
        return draft

    deepest = next(depth for depth in range(50, 5000, 50) if read(depth).letters)
    drafts = [read(depth) for depth in range(deepest - 60, deepest + 5)]
    found = [draft for draft in drafts if "malformed_body" not in {letter.reason for letter in draft.letters}]  # readable at all
    assert {len(draft.events) + len(draft.letters) for draft in found} == {3}
    assert {letter.reason for draft in found for letter in draft.letters} == {"invalid_payload", "unreadable"}
