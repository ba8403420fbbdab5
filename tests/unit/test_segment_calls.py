"""Every field of a call and of its context lands where docs/reference/segment.md says, and each kind of call is what it means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from segment_calls import Json, at, call, one, tracked


@pytest.mark.parametrize(
    ("given", "path", "value"),
    [
        ({"messageId": "ajs-next-1-b9"}, "event_id", "ajs-next-1-b9"),
        ({"messageId": 17}, "event_id", "17"),
        ({"anonymousId": "v"}, "anonymous_id", "v"),
        ({"anonymousId": None, "userId": "u"}, "anonymous_id", None),
        ({"userId": "u"}, "user_id", "u"),
        ({"userId": 42}, "user_id", "42"),
        ({"userId": ""}, "user_id", None),
        ({"previousId": "old"}, "previous_id", "old"),
        ({"groupId": "g"}, "group_id", "g"),
        ({"groupId": 7}, "group_id", "7"),
        ({"context": {"groupId": "g"}}, "group_id", "g"),
        ({"timestamp": "2026-11-22T10:00:00.000Z"}, "time", "2026-11-22T10:00:00.000Z"),
        ({"originalTimestamp": "2026-11-22T10:00:00Z"}, "time", "2026-11-22T10:00:00Z"),
        ({"originalTimestamp": "2026-11-22T10:00:00Z", "timestamp": "2020-01-01T00:00:00Z"}, "time", "2026-11-22T10:00:00Z"),
        ({"timestamp": 1795345541000}, "time", 1795345541000),
        ({"timestamp": 1795345541000.5}, "time", 1795345541000.5),
        ({"context": {"sessionId": 1795363588603}}, "session_id", "1795363588603"),
        ({"properties": {"session_id": "s-1"}}, "session_id", "s-1"),
        ({"properties": {"session_id": "s-1"}, "context": {"sessionId": "s-2"}}, "session_id", "s-1"),
        ({"channel": "server"}, "client.platform", "srv"),
        ({"channel": "web"}, "client.platform", "web"),
        ({"channel": "mobile"}, "client.platform", "mob"),
        ({"channel": "kiosk"}, "client.platform", "kiosk"),
        ({"context": {"channel": "server"}}, "client.platform", "srv"),
        ({"context": {"library": {"name": "analytics.js", "version": "next-1.84.3"}}}, "client.platform", "web"),
        ({"context": {"library": {"name": "RudderLabs JavaScript SDK", "version": "3"}}}, "client.platform", "web"),
        ({"context": {"library": {"name": "@segment/analytics-node", "version": "3"}}}, "client.platform", "srv"),
        ({"context": {"library": {"name": "analytics-python", "version": "3"}}}, "client.platform", "srv"),
        ({"context": {"library": {"name": "analytics-ios", "version": "3"}}}, "client.platform", "mob"),
        (
            {"context": {"library": {"name": "analytics-python", "version": "2.4.0"}}},
            "client.tracker_version",
            "analytics-python-2.4.0",
        ),
        ({"context": {"locale": "de-AT"}}, "client.locale", "de-AT"),
        ({"context": {"timezone": "Europe/Vienna"}}, "client.timezone", "Europe/Vienna"),
        ({"context": {"screen": {"width": 1280, "height": 720, "density": 2}}}, "client.screen", "1280x720"),
        ({"context": {"screen": {"innerWidth": 1000, "innerHeight": 600}}}, "client.viewport", "1000x600"),
        ({"context": {"app": {"name": "Shop", "namespace": "com.shop"}}}, "app_id", "com.shop"),
        ({"context": {"app": {"name": "Shop"}}}, "app_id", "Shop"),
        ({"context": {"app": {"name": "RudderLabs JavaScript SDK", "namespace": "com.rudderlabs.javascript"}}}, "app_id", None),
        ({"context": {"page": {"url": "https://s.example/p?utm_source=n"}}}, "page.url", "https://s.example/p?utm_source=n"),
        ({"context": {"page": {"url": "https://s.example/p#x", "search": "?a=1"}}}, "page.url", "https://s.example/p?a=1"),
        ({"context": {"page": {"url": "https://s.example/p?a=1", "search": "?a=1"}}}, "page.url", "https://s.example/p?a=1"),
        ({"context": {"page": {"path": "/p"}}}, "page.url", "/p"),
        ({"context": {"page": {"path": "/p", "search": "?utm_source=n"}}}, "page.url", "/p?utm_source=n"),
        ({"context": {"page": {"title": "Tee"}}}, "page.title", "Tee"),
        ({"context": {"page": {"referrer": "https://g.example/"}}}, "page.referrer", "https://g.example/"),
        ({"context": {"page": {"url": "https://s.example/", "referrer": "$direct"}}}, "page.referrer", None),
        ({"context": {"referrer": {"url": "https://g.example/", "type": "search"}}}, "page.referrer", "https://g.example/"),
        *(({"context": {"campaign": {part: "x"}}}, f"campaign.{part}", "x") for part in ("name", "source", "medium", "term")),
        ({"context": {"campaign": {"content": "x"}}}, "campaign.content", "x"),
        ({"context": {"campaign": {"id": "x"}}}, "properties.context.campaign.id", "x"),
        (
            {"context": {"consent": {"categoryPreferences": {"Ads": False, "Stats": True}}}},
            "consent",
            {"Ads": False, "Stats": True},
        ),
        (
            {"context": {"consentManagement": {"allowedConsentIds": ["C1"], "deniedConsentIds": ["C2"]}}},
            "consent",
            {"C1": True, "C2": False},
        ),
        ({"context": {"shelf": 3}}, "properties.context.shelf", 3),
        ({"context": {"os": {"name": "iOS"}, "device": {"id": "d"}, "network": {}, "location": {}}}, "properties", None),
        ({"properties": {"unheard": [1, 2.50]}}, "properties.unheard", [1, 2.50]),
    ],
)
def test_every_field_of_a_call_and_its_context_has_its_place(given: Json, path: str, value: Any) -> None:
    event = one(call(**given))
    assert at(event, path) == value
    assert event["warnings"] == []


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        ({"userId": {"id": 1}}, "invalid:/userId"),
        ({"anonymousId": "x" * 201}, "invalid:/anonymousId"),
        ({"timestamp": {"at": 1}}, "invalid:/timestamp"),
        ({"originalTimestamp": True}, "invalid:/originalTimestamp"),
        ({"properties": "text"}, "invalid:/properties"),
        ({"context": "text"}, "invalid:/context"),
        ({"context": {"page": "text"}}, "invalid:/context/page"),
        ({"context": {"page": {"title": 7}}}, "coerced:/context/page/title"),
        ({"context": {"screen": {"width": "1280"}}}, "coerced:/context/screen/width"),
        ({"context": {"screen": {"width": "wide"}}}, "invalid:/context/screen/width"),
        ({"context": {"consent": {"categoryPreferences": {"Ads": "perhaps"}}}}, "invalid:/context/consent/categoryPreferences"),
        ({"type": "identify", "traits": "text"}, "invalid:/traits"),
        ({"messageId": None, "timestamp": "2026-11-22T10:00:00Z"}, "missing_event_id"),
    ],
)
def test_what_is_not_as_it_should_be_costs_a_warning_and_not_the_call(given: Json, warning: str) -> None:
    assert one(call(**given))["warnings"] == [warning]


def test_a_page_call_says_more_of_its_page_than_its_context_does() -> None:
    page = {
        "url": "https://s.example/p/1",
        "path": "/p/1",
        "search": "?utm_source=n",
        "title": "Tee",
        "referrer": "https://g.example/",
    }
    event = one(
        {"type": "page", "messageId": "m", "userId": "u", "name": "Product", "category": "Catalogue"}
        | {"properties": page | {"tab_url": "https://s.example/p/1?token=x", "shelf": 3}, "context": {"page": {"title": "old"}}}
    )
    assert event["name"] == "page_viewed"
    assert event["page"] == {
        "url": "https://s.example/p/1?utm_source=n",
        "title": "Tee",
        "referrer": "https://g.example/",
        "type": "Catalogue",
    }
    assert event["properties"] == {"shelf": 3, "name": "Product"}


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ({"name": "Home", "properties": {"url": "https://s.example/"}}, {"url": "https://s.example/", "title": "Home"}),
        ({"name": "Home", "category": "Start"}, {"title": "Home", "type": "Start"}),
        ({"properties": {"name": "Home", "category": "Start"}}, {"title": "Home", "type": "Start"}),
        ({"context": {"page": {"url": "https://s.example/"}}}, {"url": "https://s.example/"}),
        ({}, None),
    ],
)
def test_a_page_without_a_title_has_its_name(given: Json, page: Json | None) -> None:
    event = one({"type": "page", "messageId": "m", "userId": "u"} | given)
    assert (event.get("page"), event.get("properties")) == (page, None)


def test_a_screen_is_a_page_view_under_its_name() -> None:
    event = one(
        {"type": "screen", "messageId": "m", "userId": "u", "name": "Basket", "context": {"library": {"name": "analytics-ios"}}}
    )
    assert (event["name"], event["page"], event["client"]["platform"]) == ("page_viewed", {"title": "Basket"}, "mob")


@pytest.mark.parametrize("place", ["traits", "context"])
def test_an_identify_call_carries_who_it_was_who_it_is_and_its_traits(place: str) -> None:
    traits = {"plan": "pro", "email": "a@b.example"}
    given = {"traits": traits} if place == "traits" else {"context": {"traits": traits}}
    event = one({"type": "identify", "messageId": "m", "anonymousId": "a", "userId": "u"} | given)
    assert (event["name"], event["anonymous_id"], event["user_id"], event["traits"]) == ("identify", "a", "u", traits)


def test_the_traits_in_the_context_of_other_calls_are_not_kept() -> None:
    assert "email" not in json.dumps(one(call(context={"traits": {"email": "a@b.example"}})))


def test_an_alias_carries_both_ids() -> None:
    event = one({"type": "alias", "messageId": "m", "previousId": "a", "userId": "u"})
    assert (event["name"], event["previous_id"], event["user_id"]) == ("alias", "a", "u")


def test_a_group_call_carries_the_group_and_its_traits() -> None:
    event = one({"type": "group", "messageId": "m", "userId": "u", "groupId": "g", "traits": {"plan": "pro"}})
    assert (event["name"], event["group_id"], event["traits"]) == ("group", "g", {"plan": "pro"})


@pytest.mark.parametrize(
    ("ids", "previous", "now", "warnings"),
    [
        ([("anonymousId", "a"), ("userId", "u")], "a", "u", []),
        ([("userId", "u"), ("anonymousId", "a")], "a", "u", []),
        ([("userId", "u1"), ("userId", "u2")], "u1", "u2", []),
        ([("email", "a@b.example"), ("mobile", "+4312345678")], None, None, ["personal_data_removed"]),
        ([], None, None, []),
    ],
)
def test_a_merge_call_is_an_alias_of_ids_and_of_nothing_personal(
    ids: list[tuple[str, str]], previous: str | None, now: str | None, warnings: list[str]
) -> None:
    given = [{"type": kind, "value": value} for kind, value in ids]
    event = one({"type": "merge", "messageId": "m", "mergeProperties": given})
    assert (event["name"], event.get("previous_id"), event.get("user_id"), event["warnings"]) == (
        "alias",
        previous,
        now,
        warnings,
    )
    assert "a@b.example" not in json.dumps(event)


def test_an_unknown_track_call_is_a_custom_event_with_its_properties_as_they_are() -> None:
    event = tracked("Newsletter Signed Up", place="footer", price="5", products=[{"id": 1}])
    assert event["name"] == "custom:Newsletter Signed Up"
    assert event["properties"] == {"place": "footer", "price": "5", "products": [{"id": 1}]}
    assert event["warnings"] == []
