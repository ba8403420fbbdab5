"""Snowplow's events that are not as they should be, and who they belong to: warnings, dead letters, identities, joins."""

from __future__ import annotations

import json
from typing import Any

import pytest
from snowplow_reading import one, properties_of, read, read_body, said
from snowplow_wire import (
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
from ingest_service.loader.sift import sift
from ingest_service.loader.snowplow.adapter import SNOWPLOW as ADAPTER

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
        (contexts(product(quantity=-1)), "invalid:/items/quantity", None),
        (contexts(product(quantity=2**32)), "invalid:/items/quantity", None),
        (contexts(product(position=1.5)), "invalid:/items/position", None),
        (contexts(product(price=True)), "invalid:/items/price", None),
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


def test_a_parameter_counts_before_an_entity_that_says_the_same() -> None:
    session = told(SNOWPLOW, "client_session", {"userId": "other", "sessionId": "other", "sessionIndex": 9, "eventIndex": 3})
    user = told(ECOMMERCE, "user", {"id": "other"})
    event = one(plain(uid="u", duid="d", sid="s", vid="2", **contexts(session, user)))
    assert (event.user_id, event.anonymous_id, event.session_id, event.session_index) == ("u", "d", "s", 2)
    assert event.sequence == 3


def test_the_tracker_s_network_id_counts_before_the_collector_s_in_any_order() -> None:
    assert one(plain(nuid="collector", tnuid="tracker")).network_id == "tracker"
    assert one(plain(tnuid="tracker", nuid="collector")).network_id == "tracker"
    assert one(plain(nuid="collector")).network_id == "collector"


def test_only_a_trusted_request_may_name_address_and_agent_and_its_events_are_counted_once() -> None:
    events = [plain(ua="Phone/1", ip="203.0.113.77"), plain(ua="Phone/1", ip="203.0.113.77"), plain()]
    for is_trusted, owners in ((True, [1, 1, 0]), (False, [0, 0, 0])):
        draft = Draft()
        request = Request("acme", "snowplow", NOW_MS, 0, ip_truncated="192.0.2.0", user_agent="server", is_trusted=is_trusted)
        ADAPTER.read(body(*events), request, draft)
        assert draft.owner == owners
        assert sum(each.accepted for each in draft.requests) == 3
        last = draft.requests[owners[0]]
        assert (last.ip_truncated, last.user_agent) == (("203.0.113.0", "Phone/1") if is_trusted else ("192.0.2.0", "server"))
        assert draft.warnings == ({} if is_trusted else {row: ["untrusted:/ua", "untrusted:/ip"] for row in (0, 1)})


def test_no_address_is_taken_where_the_tenant_keeps_none() -> None:
    draft = Draft()
    ADAPTER.read(body(plain(ip="203.0.113.77")), Request("acme", "snowplow", NOW_MS, 0, is_trusted=True), draft)
    assert draft.requests[draft.owner[0]].ip_truncated == ""


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
