"""Privacy at the door and in the loader: opt-outs, cookieless visitors, addresses, personal data that nobody should have sent."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from ingest_service.consent import without_refused
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.event import Event, Search
from ingest_service.loader.native import read_body
from ingest_service.loader.personal import REDACTED, clean_json, clean_text
from ingest_service.loader.privacy import REMOVED, protect
from ingest_service.loader.web import kept_query, parse_address
from ingest_service.privacy import (
    ANONYMOUS_NOTE,
    NO_ADDRESS_NOTE,
    URL_PARAMETERS_NOTE,
    VISITOR_NOTE,
    opted_out,
    treat,
    visitor_of,
)
from ingest_service.protocols.native import judge
from ingest_service.protocols.wire import Reading
from ingest_service.salts import DailySalts

BROWSER = {b"user-agent": b"Mozilla/5.0"}


def grant(**policy: Any) -> Grant:
    return Grant("acme", policy=IngestPolicy(**policy))


@pytest.mark.parametrize(
    ("policy", "headers", "reason"),
    [
        ({}, {b"sec-gpc": b"1"}, "gpc"),
        ({}, {b"sec-gpc": b"0"}, ""),
        ({"honours_gpc": False}, {b"sec-gpc": b"1"}, ""),
        ({}, {b"dnt": b"1"}, ""),
        ({"honours_dnt": True}, {b"dnt": b"1"}, "dnt"),
        ({"honours_dnt": True}, {}, ""),
    ],
)
def test_a_signal_is_an_opt_out_where_the_tenant_honours_it(
    policy: dict[str, Any], headers: dict[bytes, bytes], reason: str
) -> None:
    assert opted_out(grant(**policy), headers) == reason


def test_an_address_is_truncated_or_dropped_before_it_is_stored(tmp_path: Path) -> None:
    salts = DailySalts(tmp_path / "salts.json")
    assert treat(grant(), BROWSER, "203.0.113.77", {}, salts).address == "203.0.113.0"
    assert treat(grant(ip="drop"), BROWSER, "203.0.113.77", {}, salts).address == ""
    assert treat(grant(), BROWSER, "203.0.113.77", {NO_ADDRESS_NOTE: "1"}, salts).address == ""


def test_a_cookieless_visitor_is_the_same_all_day_and_another_one_tomorrow_at_the_next_shop_or_on_another_device(
    tmp_path: Path,
) -> None:
    days = iter([date(2026, 11, 22)] * 2 + [date(2026, 11, 23)])
    salts = DailySalts(tmp_path / "salts.json", lambda: next(days))

    def visitor(policy: Grant, salts: DailySalts) -> str:
        return treat(policy, BROWSER, "203.0.113.77", {}, salts).notes[VISITOR_NOTE]

    morning, evening, tomorrow = (visitor(grant(is_cookieless=True), salts) for _ in range(3))
    assert morning == evening != tomorrow
    salt = b"s" * 32
    assert len({visitor_of(salt, tenant, "::1", agent) for tenant in ("acme", "globex") for agent in (b"a", b"b")}) == 4
    assert VISITOR_NOTE not in treat(grant(), BROWSER, "203.0.113.77", {}, salts).notes


def test_workers_share_the_salt_of_the_day_and_forget_it_two_days_later(tmp_path: Path) -> None:
    path = tmp_path / "salts.json"
    day = [date(2026, 11, 22)]
    one, other = (DailySalts(path, lambda: day[0]) for _ in range(2))
    assert one.current() == other.current()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = one.current()
    day[0] = date(2026, 11, 24)
    assert one.current() != first
    assert list(json.loads(path.read_text())) == ["2026-11-24"]


@pytest.mark.parametrize("left", [b"", b'{"2026-11-2', b"\0" * 90, b"\xff"])
def test_a_file_that_a_power_cut_left_torn_costs_a_new_salt_and_no_event(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "salts.json"
    path.write_bytes(left)
    assert DailySalts(path).current() == DailySalts(path).current()


def draft_of(event: Event, **headers: str) -> Draft:
    return Draft([Request("acme", "native", 0, 0, headers=headers)], [event], [0], [0], [msgspec.Raw(b"{}")])


def test_a_cookieless_event_keeps_no_identifier_of_the_client() -> None:
    event = Event(
        event_id="e", name="n", anonymous_id="a", user_id="7", session_id="s", session_index=3, sequence=4, network_id="x",
        previous_id="p", group_id="g", traits=msgspec.Raw(b'{"plan":"gold"}'), page_view_id="v",
    )  # fmt: skip
    protect(draft_of(event, **{VISITOR_NOTE: "f00"}))
    assert event == Event(event_id="e", name="n", anonymous_id="f00", page_view_id="v")


def test_an_anonymous_request_keeps_its_session_and_nothing_that_names_anybody() -> None:
    event = Event(event_id="e", name="n", anonymous_id="a", user_id="7", session_id="s", sequence=4)
    protect(draft_of(event, **{ANONYMOUS_NOTE: "1"}))
    assert event == Event(event_id="e", name="n", session_id="s", sequence=4)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"plan": "gold"}, {"plan": "gold"}),
        ({"email": "jane@shop.example", "plan": "gold"}, {"plan": "gold"}),
        ({"First Name": "Jane", "last_name": "Doe", "dateOfBirth": "1990-01-01", "vip": True}, {"vip": True}),
        ({"company": {"name": "Acme", "size": 3}}, {"company": {"size": 3}}),
        ({"note": "write to jane@shop.example"}, {"note": f"write to {REDACTED}"}),
        ({"phones": ["+49 170 1234567"]}, {"phones": [REDACTED]}),
        ({"em\\u0061il": "x"}, {"em\\u0061il": "x"}),
    ],
)
def test_traits_lose_what_is_personal_by_name_or_by_form(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    event = Event(event_id="e", name="identify", traits=msgspec.Raw(json.dumps(sent).encode()))
    draft = draft_of(event)
    protect(draft)
    assert json.loads(bytes(event.traits)) == kept
    assert (draft.warnings == {0: [REMOVED]}) == (sent != kept)


def test_an_escape_does_not_hide_a_name() -> None:
    assert clean_json(b'{"em\\u0061il":"x"}', is_about_person=False) == (b"{}", True)


def test_a_product_may_have_a_name_but_a_property_no_e_mail_address() -> None:
    cleaned, found = clean_json(b'{"name":"Chair","email":"a@b.example"}', is_about_person=False)
    assert (bytes(cleaned), found) == (b'{"name":"Chair"}', True)


def test_a_search_for_an_address_is_redacted() -> None:
    event = Event(event_id="e", name="search_performed", search=Search(query="order of jane.doe@shop.example"))
    draft = draft_of(event)
    protect(draft)
    assert event.search and event.search.query == f"order of {REDACTED}"
    assert draft.warnings == {0: [REMOVED]}


def test_an_address_in_a_path_or_a_campaign_is_redacted() -> None:
    address = parse_address("https://shop.example/account/jane%40shop.example/orders?utm_source=a@b.example&token=secret")
    assert address.path == f"/account/{REDACTED}/orders"
    assert address.campaign[0] == REDACTED


def test_only_the_listed_query_parameters_are_kept() -> None:
    assert kept_query("https://shop.example/p?ref=a&token=s&size=XL&ref=b#x", {"ref", "size"}) == "ref=a&size=XL&ref=b"
    assert kept_query("https://shop.example/p", {"ref"}) == ""
    notes = treat(grant(url_parameters=("ref", "size")), {}, "", {}, DailySalts(Path("unused"))).notes
    assert notes == {URL_PARAMETERS_NOTE: "ref&size"}


def test_a_body_loses_exactly_the_events_that_lack_a_required_purpose() -> None:
    events: list[Any] = [
        {"event_id": "yes", "name": "n", "consent": {"statistics": True}},
        {"event_id": "no", "name": "n", "consent": {"statistics": False}},
        {"event_id": "silent", "name": "n"},
        {"event_id": "", "name": "unusable"},
    ]
    body = json.dumps({"sent_at": "2026-11-22T10:00:00Z", "events": events}).encode()
    reading, dropped = without_refused(Reading(body, judge(body)), "native", ["statistics"])
    assert dropped == 2
    assert [(result.event_id, result.code) for result in reading.results if result.status == "drop"] == [
        ("no", "consent"),
        ("silent", "consent"),
        ("", "missing_event_id"),
    ]
    draft = Draft()
    read_body(reading.body, Request("acme", "native", 0, 0), draft)
    assert [event.event_id for event in draft.events] == ["yes"]
    assert [letter.reason for letter in draft.letters] == ["missing_event_id"]
    assert draft.requests[0].sent_ms == 1795341600000


@given(st.text())
def test_any_text_can_be_cleaned_and_keeps_no_address(text: str) -> None:
    assert "@x.example" not in clean_text(f"{text} jane@x.example")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
    )
)
def test_any_json_can_be_cleaned_and_stays_json(value: Any) -> None:
    cleaned, _ = clean_json(json.dumps({"value": value, "email": "a@b.example"}).encode(), is_about_person=True)
    assert "email" not in json.loads(bytes(cleaned))


@pytest.mark.parametrize(
    ("part", "given"),
    [
        ("name", "Clicked anna@mail.example"),
        ("consent", {"anna@mail.example": True}),
        ("page", {"title": "Hello anna@mail.example"}),
        ("campaign", {"term": "+49 30 1234567890"}),
        ("search", {"filters": {"anna@mail.example": "x", "k": "anna@mail.example"}}),
        ("list", {"filters": {"k": "anna@mail.example"}}),
        ("properties", {"anna@mail.example": {"+49 30 1234567890": 1}}),
    ],
)
def test_what_a_page_says_in_its_own_words_keeps_no_address(part: str, given: object) -> None:
    sent = {"event_id": "1", "name": "page_viewed", part: given}
    event = msgspec.json.decode(json.dumps(sent), type=Event)
    draft = draft_of(event)
    protect(draft)
    kept = msgspec.json.encode(event)
    assert b"anna" not in kept
    assert b"1234567890" not in kept
    assert REDACTED.encode() in kept
    assert draft.warnings == {0: [REMOVED]}


@pytest.mark.parametrize(
    "name", ["anonymous_id", "previous_id", "network_id", "group_id", "session_id", "page_view_id", "app_id"]
)
def test_an_identifier_that_is_an_address_is_void(name: str) -> None:
    event = Event(event_id="1", name="page_viewed", **{name: "anna@mail.example"})
    draft = draft_of(event)
    protect(draft)
    assert event == Event(event_id="1", name="page_viewed")
    assert draft.warnings == {0: [REMOVED]}


def test_an_events_own_id_that_is_an_address_becomes_another_that_is_the_same_each_time() -> None:
    one, again, other = (Event(event_id=f"{name}@mail.example", name="page_viewed") for name in ("anna", "anna", "bob"))
    for event in (one, again, other):
        protect(draft_of(event))
    assert "@" not in one.event_id
    assert one.event_id == again.event_id != other.event_id
