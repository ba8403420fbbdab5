"""One body of Snowplow's protocol into canonical events: encodings, names, legacy orders, odd values, recordings."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from conftest import SHARED_DATA
from hypothesis import given, settings
from hypothesis import strategies as st
from snowplow_cases import (
    CASES,
    ECOMMERCE,
    NOW_MS,
    SNOWPLOW,
    action,
    body,
    contexts,
    plain,
    product,
    self_describing,
    told,
)

from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.event import Event
from ingest_service.loader.sift import sift
from ingest_service.loader.snowplow import parameters
from ingest_service.loader.snowplow.adapter import SNOWPLOW as ADAPTER
from ingest_service.loader.snowplow.entities import ENTITIES
from ingest_service.loader.snowplow.events import ACTIONS, CODES, SELF_DESCRIBING
from ingest_service.loader.snowplow.payload import read_json
from ingest_service.loader.snowplow.plan import compile_plan
from ingest_service.loader.snowplow.sketch import Sketch
from ingest_service.protocols import native
from ingest_service.protocols.snowplow.envelope import body_of
from ingest_service.protocols.snowplow.routes import query_pairs


def read(*events: Any, **headers: str) -> Draft:
    return read_body(body(*events), **headers)


def read_body(sent: bytes, **headers: str) -> Draft:
    draft = Draft()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    ADAPTER.read(native.prepare(sent), Request("acme", "snowplow", NOW_MS, 0, headers=named), draft)
    return draft


def one(event: Any, **headers: str) -> Event:
    draft = read(event, **headers)
    assert draft.letters == []
    return draft.events[0]


def properties_of(event: Event) -> dict[str, Any]:
    return msgspec.json.decode(event.properties) if event.properties else {}


def said(event: Event) -> bytes:
    """All of an event but its id."""
    fields = msgspec.json.decode(msgspec.json.encode(event)) | {"event_id": ""}
    return json.dumps(fields, sort_keys=True).encode()


# --- The tables -----------------------------------------------------------------------------------------------------------


def test_every_field_that_the_tables_know_has_a_case_of_its_column() -> None:
    """The cases are written from the documentation; a rule without one could lead anywhere."""
    sent = json.dumps([case.event for case in CASES])
    parameter_names = {name for code in CODES.values() for name in code.plan.known} | set(parameters.RARE)
    covered = {name for case in CASES for name in case.event} | {"stm", "ue_px", "cx", "ua", "ip"}
    assert parameter_names - covered == set()
    for name, described in [*ENTITIES.items(), *SELF_DESCRIBING.items()]:
        assert f"{name.vendor}/{name.name}/" in sent, name
        assert [field for field in described.rules if f'\\"{field}\\":' not in sent] == [], name
    assert [kind for kind in ACTIONS if f'\\"type\\": \\"{kind}\\"' not in sent] == []


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from([*parameters.COMMON, "zz"]), st.text(max_size=9), max_size=12))
def test_parameters_taken_in_groups_are_what_the_rules_say(given_parameters: dict[str, str]) -> None:
    plan = compile_plan(parameters.COMMON)
    grouped, slow = Sketch(), Sketch()
    rest = plan.apply(grouped, given_parameters)
    ordered = {name: given_parameters[name] for name in plan.known if name in given_parameters}
    in_table_order = {name: ordered[name] for name in parameters.COMMON if name in ordered}
    others = {name: value for name, value in given_parameters.items() if name not in plan.known}
    slow_rest = slow.apply(parameters.COMMON, in_table_order | others)

    def filled(sketch: Sketch) -> dict[str, dict[str, Any]]:
        return {part: found for part, fields in sketch.parts.items() if (found := {k: v for k, v in fields.items() if v})}

    assert filled(grouped) == filled(slow)
    assert (rest, sorted(grouped.warnings)) == (slow_rest, sorted(slow.warnings))


# --- Encodings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(ACTIONS))
def test_both_encodings_say_the_same(kind: str) -> None:
    entities = [product(name="Größe ✓ 👕", position=1), told(ECOMMERCE, "page", {"type": "product"})]
    text = action(kind, *entities, encoded=False)
    encoded = action(kind, *entities, encoded=True)
    assert said(one(text)) == said(one(encoded))
    assert one(text).name == ACTIONS[kind]


@given(st.text(max_size=40), st.booleans(), st.booleans(), st.booleans())
def test_base64_is_read_in_every_alphabet_and_padding(text: str, url_safe: bool, padded: bool, in_query: bool) -> None:
    raw = json.dumps({"k": text}, ensure_ascii=False).encode()
    coded = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(raw).decode()
    coded = coded if padded else coded.rstrip("=")
    assert read_json(coded.replace("+", " ") if in_query else coded, is_base64=True) == {"k": text}


def test_a_title_that_was_cut_inside_an_emoji_is_kept_with_a_replacement_character() -> None:
    co = contexts(product(name="NAME"))["co"].replace("NAME", "cut \\ud83d")
    assert one(plain(co=co)).items[0].name == "cut \ufffd"


def test_wrappers_of_either_version_and_both_contexts_at_once_are_read() -> None:
    event = plain(**contexts(product(id="A"), version="1-0-0"), **contexts(product(id="B"), encoded=True, version="1-0-1"))
    assert [item.product_id for item in one(event).items] == ["A", "B"]


def test_amounts_keep_every_digit() -> None:
    co = contexts(product(price="PRICE"))["co"].replace('"PRICE"', "12345678901234.5678")
    assert bytes(one(plain(co=co)).items[0].price) == b"12345678901234.5678"


# --- What is not as it should be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "reason", "pointer"),
    [
        ("text", "not_an_object", ""),
        ({"eid": "1"}, "missing_name", "/e"),
        ({"e": "", "eid": "1"}, "missing_name", "/e"),
        ({"e": ["pv"], "eid": "1"}, "invalid_name", "/e"),
        ({"e": "pv", "eid": {"a": 1}}, "invalid_event_id", "/eid"),
        ({"e": "pv", "eid": "x" * 201}, "event_id_too_long", "/eid"),
        ({"e": "x" * 201, "eid": "1"}, "name_too_long", "/e"),
        (plain("ue"), "invalid_payload", ""),
        (plain("ue", ue_pr="{"), "invalid_payload", "/ue_pr"),
        (plain("ue", ue_px="!!!"), "invalid_payload", "/ue_px"),
        (plain("ue", ue_px="é"), "invalid_payload", "/ue_px"),
        (plain("ue", ue_pr="[]"), "invalid_payload", "/ue_pr"),
        (plain("ue", ue_pr=json.dumps(told(SNOWPLOW, "unstruct_event", {}))), "invalid_payload", "/ue_pr"),
        (plain("ue", ue_pr='{"schema":"mine","data":{}}'), "invalid_payload", "/ue_pr"),
    ],
)
def test_what_cannot_be_used_is_one_dead_letter_and_its_neighbours_are_events(event: Any, reason: str, pointer: str) -> None:
    draft = read(plain(), event, plain())
    assert [(letter.reason, letter.pointer, letter.index) for letter in draft.letters] == [(reason, f"/data/1{pointer}", 1)]
    assert json.loads(draft.letters[0].raw) == event
    assert draft.index == [0, 2]
    assert draft.requests[0].accepted == 3


@pytest.mark.parametrize(
    ("changes", "warning", "kept"),
    [
        ({"co": "{"}, "invalid:/co", {"co": "{"}),
        ({"cx": "x"}, "invalid:/cx", {"cx": "x"}),
        ({"co": json.dumps(told(SNOWPLOW, "contexts", {}))}, "invalid:/co", None),
        ({"vid": "many"}, "invalid:/session_index", {"vid": "many"}),
        ({"duid": "x" * 201}, "invalid:/anonymous_id", {"duid": "x" * 201}),
        ({"page": 7}, "coerced:/page", {}),
        ({"page": ["a"]}, "invalid:/page", {"page": ["a"]}),
        ({"zz": "1"}, "unknown_field", {"zz": "1"}),
        (contexts(product(price="cheap")), "invalid:/items/price", None),
        (contexts(product(name=7)), "coerced:/items/name", {}),
        (contexts(product(colour="red")), "unknown_field", {"entities": [told(ECOMMERCE, "product", {"colour": "red"})]}),
        (contexts("text"), None, {"entities": ["text"]}),
        (contexts(told("a.b", "c", [1, 2.50])), None, {"entities": [told("a.b", "c", [1, 2.5])]}),
    ],
)
def test_what_is_odd_costs_a_warning_and_stays_in_properties(
    changes: dict[str, Any], warning: str | None, kept: dict[str, Any] | None
) -> None:
    draft = read(plain(**changes))
    assert draft.letters == []
    assert draft.warnings.get(0) == ([warning] if warning else None)
    if kept is not None:
        assert properties_of(draft.events[0]) == kept


def test_a_second_cart_is_kept_beside_the_first_and_not_mixed_into_it() -> None:
    first, second = (told(ECOMMERCE, "cart", {"cart_id": name, "total_value": 1, "currency": "EUR"}) for name in "ab")
    event = one(plain(**contexts(first, second)))
    assert event.cart is not None
    assert event.cart.cart_id == "a"
    assert properties_of(event) == {"entities": [second]}


def test_a_shop_s_own_properties_are_never_replaced_by_ours() -> None:
    event = one(self_describing(told("a.b", "c", {"cookie": "chocolate", "entities": 3}), told("a.b", "d", {}), cookie="1"))
    assert properties_of(event) == {"cookie": "chocolate", "entities": 3, "_cookie": "1", "_entities": [told("a.b", "d", {})]}


def test_an_unknown_action_is_an_event_of_the_shop_s_own() -> None:
    draft = read(action("wish", product()), self_describing(told(ECOMMERCE, "snowplow_ecommerce_action", {})))
    assert [event.name for event in draft.events] == ["custom:wish", "custom:snowplow_ecommerce_action"]
    assert all("unknown_event" in draft.warnings[row] for row in (0, 1))


def test_json_that_a_sender_forgot_to_quote_is_read() -> None:
    event = action("product_view", product())
    draft = read({name: json.loads(value) if name in ("ue_pr", "co") else value for name, value in event.items()})
    assert draft.events[0].name == "product_viewed"
    assert draft.warnings[0] == ["coerced:/ue_pr", "coerced:/co"]


# --- Who, when, whose -----------------------------------------------------------------------------------------------------


def test_an_event_without_an_id_is_named_by_all_it_says_but_its_sending_time() -> None:
    event = plain(eid=None, page="a")
    ids = {one(event | {"stm": stm}).event_id for stm in ("1", "2")}
    assert len(ids) == 1
    assert one(event | {"page": "b"}).event_id not in ids


def test_a_retry_has_the_same_fingerprint() -> None:
    event = action("transaction", product(), told(ECOMMERCE, "transaction", {"transaction_id": "T", "revenue": 1}))
    draft = read(event | {"stm": "1"}, dict(reversed(event.items())) | {"stm": "2"})
    sifted = sift(draft, lambda keys: set(), lambda key: None)
    assert (len(sifted.draft.events), sifted.repeats, draft.letters) == (1, {"acme": 1}, [])


def test_the_sending_time_of_the_request_is_that_of_its_first_event_that_says_it() -> None:
    draft = read(plain(), plain(stm=str(NOW_MS - 3_600_000)), plain(stm="5"))
    assert draft.requests[0].sent_ms == NOW_MS - 3_600_000
    assert draft.requests[0].skew_ms == 3_600_000


def test_parameters_of_the_query_stand_above_those_of_every_event() -> None:
    draft = read(plain(aid="own", page="kept"), plain(), gxy_query="aid=over&uid=7")
    assert [(event.app_id, event.user_id) for event in draft.events] == [("over", "7")] * 2
    assert draft.events[0].page is not None
    assert draft.events[0].page.title == "kept"


def test_an_app_id_that_was_the_key_is_no_app_id() -> None:
    assert one(plain(aid="the-key"), gxy_app_key="1").app_id is None
    assert one(plain(aid="shop")).app_id == "shop"


def test_nobody_is_named_for_who_asked_to_be_nobody() -> None:
    event = one(plain(duid="d" * 300, uid="u", nuid="n", tnuid="t", sid="s"), gxy_anonymous="1")
    assert (event.anonymous_id, event.user_id, event.network_id, event.session_id) == (None, None, None, "s")
    assert properties_of(event) == {}


def test_the_nil_user_of_an_anonymous_session_is_nobody() -> None:
    session = told(SNOWPLOW, "client_session", {"userId": "00000000-0000-0000-0000-000000000000", "sessionId": "s"}, "1-0-2")
    event = one(plain(duid=None, **contexts(session)))
    assert (event.anonymous_id, event.session_id) == (None, "s")


def test_items_join_their_order_by_its_id_within_a_request() -> None:
    def line(order: str, sku: str) -> dict[str, Any]:
        return plain("ti", ti_id=order, ti_sk=sku, ti_pr="1.00", ti_qu="2")

    draft = read(plain("tr", tr_id="A"), line("A", "1"), plain("tr", tr_id="B"), line("B", "2"), line("A", "3"), line("C", "4"))
    found = [(event.name, [item.product_id for item in event.items]) for event in draft.events]
    lone = "custom:transaction_item"
    assert found == [
        ("order_completed", ["1", "3"]),
        (lone, ["1"]),
        ("order_completed", ["2"]),
        (lone, ["2"]),
        (lone, ["3"]),
        (lone, ["4"]),
    ]


def test_consent_is_read_from_the_event_and_from_an_entity_and_a_refusal_grants_nothing() -> None:
    def preferences(kind: str) -> dict[str, Any]:
        return told(SNOWPLOW, "consent_preferences", {"eventType": kind, "consentScopes": ["ads"]})

    assert one(self_describing(preferences("allow_all"))).consent == {"ads": True}
    assert one(plain(**contexts(preferences("allow_selected")))).consent == {"ads": True}
    assert one(self_describing(preferences("deny_all"))).consent == {}


def test_a_letter_s_event_is_read_again_as_it_was() -> None:
    event = plain(stm="7", page="again")
    assert said(read_body(ADAPTER.rewrap(json.dumps(event).encode(), 5)).events[0]) == said(one(event))


def test_what_is_wrong_with_a_body_is_said() -> None:
    found = ADAPTER.explain(b'{"schema":"iglu:a/other/jsonschema/1-0-0","data":[]}')
    assert found is not None
    assert (found.refusal.pointer, found.status) == ("/schema", 400)
    assert ADAPTER.explain(body(plain())) is None


# --- Recordings of real clients -------------------------------------------------------------------------------------------


def recorded() -> list[dict[str, Any]]:
    folder = SHARED_DATA / "wire"
    if not folder.exists():
        pytest.skip("no recorded requests here")
    lines = [json.loads(line) for name in ("spb", "rec") for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    return [line for line in lines if "/tp2" in line["p"] or line["p"].startswith("/i?")]


def test_recorded_requests_of_browser_node_and_python_clients_are_read_without_a_loss() -> None:
    names: list[str] = []
    for request in recorded():
        sent = request["b"].encode() or body_of(query_pairs(urlsplit(request["p"]).query))
        draft = read_body(sent)
        assert draft.letters == []
        assert len(draft.events) == draft.requests[0].accepted
        assert {code for codes in draft.warnings.values() for code in codes} <= {"missing:/items/category"}
        assert all(event.time and event.client and event.client.tracker_version for event in draft.events)
        names += [event.name for event in draft.events]
    assert len(names) == 19
    assert {"page_viewed", "product_viewed", "product_impression", "order_completed", "search_performed"} <= set(names)


def test_the_pixel_of_the_python_client_says_what_its_post_says() -> None:
    views: dict[str, list[bytes]] = {"GET": [], "POST": []}
    for request in recorded():
        if "python" in str(request["h"]):
            sent = request["b"].encode() or body_of(query_pairs(urlsplit(request["p"]).query))
            for event in read_body(sent).events:
                event.time = None
                views[request["m"]].append(said(event))
    assert sorted(views["GET"]) == sorted(views["POST"]) != []
