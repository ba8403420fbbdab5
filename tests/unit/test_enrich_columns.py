"""Enrichment by columns: a batch gives each row what it would get alone, and distinct values are worked out once."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_service.enrich.channels import CLICK_IDS
from ingest_service.enrich.distinct import Book, Distinct
from ingest_service.enrich.enrich import Enrichment, Requests, enrich
from ingest_service.loader.columns import RAW_EVENTS

RULES = Enrichment()
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
MAP = RAW_EVENTS.field("click_ids").type
TEXTS = (
    "tenant_id", "anonymous_id", "user_agent", "platform", "tracker_version", "page_host", "ip_truncated",
    "campaign_source", "campaign_medium", "campaign_name",
)  # fmt: skip
Row = dict[str, Any]


def enriched(rows: list[Row]) -> list[Row]:
    """The enrichment columns of these rows, as one batch; each row has a request of its own."""
    columns: dict[str, pa.Array] = {name: pa.array([row.get(name, "") for row in rows], pa.string()) for name in TEXTS}
    columns["event_time"] = pa.array([row.get("event_time", 0) for row in rows], pa.int64())
    columns["click_ids"] = pa.array([row.get("click_ids", []) for row in rows], MAP)
    referrers = pa.array([row.get("referrer", "") for row in rows], pa.string())
    requests = Requests([row.get("headers", {}) for row in rows], pa.array(range(len(rows)), pa.int32()))
    found: list[Row] = pa.table(enrich(columns, referrers, requests, RULES)).to_pylist()
    return found


def test_a_plain_visit_has_every_column_and_places_only_with_a_database() -> None:
    (found,) = enriched([{"user_agent": CHROME, "page_host": "shop.example", "referrer": "https://www.google.com/"}])
    assert found == {
        "browser_name": "Chrome", "browser_version": "126.0.0", "os_name": "Windows", "os_version": "10",
        "device_class": "desktop", "referrer_medium": "search", "referrer_source": "Google", "referrer_term": "",
        "channel": "Organic Search", "is_bot": False, "bot_reasons": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "channel"),
    [
        ([("fbclid", "1"), ("gclid", "2")], "Paid Search"),
        ([("gclid", "1"), ("fbclid", "2")], "Paid Search"),
        ([("irclickid", "1"), ("ttclid", "2")], "Paid Social"),
        ([("other", "1")], "Direct"),
        ([("other", "1"), ("dclid", "2")], "Display"),
        ([], "Direct"),
    ],
)
def test_the_first_known_click_id_counts(ids: list[tuple[str, str]], channel: str) -> None:
    rows = [{"page_host": "a"}, {"page_host": "a", "click_ids": ids}, {"page_host": "a", "click_ids": [("gclid", "3")]}]
    assert [row["channel"] for row in enriched(rows)] == ["Direct", channel, "Paid Search"]


def test_headers_count_only_where_the_browser_spoke_for_itself() -> None:
    bare = {"user-agent": CHROME}
    found = enriched([
        {"user_agent": CHROME, "headers": bare},
        {"user_agent": "told by the event", "headers": bare},
        {"user_agent": CHROME, "headers": bare, "platform": "srv"},
        {"user_agent": CHROME, "headers": bare, "tracker_version": "py-1.1.0"},
        {"user_agent": CHROME, "headers": {}},
    ])  # fmt: skip
    assert [row["bot_reasons"] for row in found] == [["header:no_accept_language"], [], [], [], []]


def test_the_platform_names_the_device_where_the_user_agent_does_not() -> None:
    library = "okhttp/4.12.0"
    given = [("", "mob"), (library, "mob"), (library, "srv"), (library, ""), (CHROME, "mob"), (CHROME, "srv"), ("", "web")]
    found = enriched([{"user_agent": user_agent, "platform": platform} for user_agent, platform in given])
    assert [row["device_class"] for row in found] == ["mobile", "mobile", "other", "other", "desktop", "desktop", ""]


def test_reasons_add_up_in_a_fixed_order() -> None:
    crawler = "Mozilla/5.0 (compatible; bingbot/2.0) Chrome/126.0.0.0"
    row = {"user_agent": crawler, "headers": {"user-agent": crawler}, "anonymous_id": "v", "tenant_id": "t"}
    found = enriched([row] * 300)
    assert {tuple(one["bot_reasons"]) for one in found} == {("crawler:search-engine", "header:no_accept_language", "rate")}
    assert {(one["is_bot"], one["device_class"]) for one in found} == {(True, "bot")}


def test_a_batch_without_the_optional_columns_is_enriched() -> None:
    columns = {"tenant_id": pa.array(["t"]), "event_time": pa.array([0])}
    found = pa.table(enrich(columns, pa.array([""]), Requests([{}], pa.array([0], pa.int32())), RULES)).to_pylist()
    assert (found[0]["channel"], found[0]["device_class"], found[0]["bot_reasons"]) == ("", "", [])


words = st.sampled_from(
    ["", "google", "email", "cpc", "web", "srv", "shop.example", CHROME, "Googlebot/2.1", "python-requests/2", "192.0.2.0"]
)
anything = words | st.text(max_size=12)
rows_of = st.fixed_dictionaries(
    {
        **{name: anything for name in TEXTS},
        "referrer": anything | st.sampled_from(["https://t.co/", "https://shop.example/", "https://www.google.com/search?q=a"]),
        "click_ids": st.dictionaries(st.sampled_from([*CLICK_IDS, "x"]), st.text(max_size=3), max_size=3).map(
            lambda ids: list(ids.items())
        ),
        "headers": st.dictionaries(st.sampled_from(["user-agent", "accept-language", "sec-ch-ua", "dnt"]), anything, max_size=3),
        "event_time": st.integers(-(2**40), 2**43),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows_of, min_size=1, max_size=8))
def test_a_row_of_a_batch_gets_what_it_would_get_alone(rows: list[Row]) -> None:
    assert enriched(rows) == [enriched([row])[0] for row in rows]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.integers(0, 3), st.booleans()), min_size=1, max_size=40))
def test_distinct_tuples_lead_back_to_every_row(rows: list[tuple[str, int, bool]]) -> None:
    found = Distinct(*(pa.array(column) for column in zip(*rows, strict=True)))
    assert [found.values[at] for at in found.at.to_pylist()] == rows
    assert len(found.values) == len(set(rows))
    answers, at = found.classes(row[1] for row in found.values)
    assert [answers[one] for one in at.to_pylist()] == [row[1] for row in rows]
    assert len(answers) == len({row[1] for row in rows})


def test_a_book_answers_each_question_once_and_is_bounded() -> None:
    asked: list[int] = []
    book: Book[int, int] = Book(lambda question: asked.append(question) or question * 2, limit=3)
    assert [book[one] for one in (1, 2, 1, 3, 1)] == [2, 4, 2, 6, 2]
    assert asked == [1, 2, 3]
    assert (book[4], len(book)) == (8, 1)
