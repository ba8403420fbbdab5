"""Reasons to take an event for a program's, and those that are none."""

from __future__ import annotations

import json
from importlib.resources import files

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.enrich.bots import (
    HINT_HEADERS,
    MAX_EVENTS_A_MINUTE,
    NOT_CRAWLERS,
    Crawlers,
    Hints,
    agent_reasons,
    header_reasons,
    is_server,
    too_fast,
)
from ingest_service.request import KEPT_HEADERS

CRAWLERS = Crawlers()
LISTED = json.loads(files("crawleruseragents").joinpath("crawler-user-agents.json").read_bytes())
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
PHONE_OS = "(iPhone; CPU iPhone OS 17_5 like Mac OS X)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36"
PHONE = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
BRANDS = '"Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"'

PEOPLE = [
    CHROME,
    PHONE,
    FIREFOX,
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/17.5 Safari/605.1.15",
    f"Mozilla/5.0 {PHONE_OS} {APPLE} Mobile/15E148 Instagram 335.0.8",
    f"Mozilla/5.0 {PHONE_OS} {APPLE} Mobile/15E148 "
    "[FBAN/FBIOS;FBAV/468.0.0.39.106;FBBV/606389262;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.5]",
    f"Mozilla/5.0 (Linux; Android 16; Pixel 10; wv) {WEBKIT} Version/4.0 Chrome/146.0 Mobile Safari/537.36 MetaIAB Facebook",
    f"Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) {WEBKIT} Version/4.0 Chrome/126.0 Mobile Safari/537.36 musical_ly_2023405",
    f"{CHROME} Edg/126.0.2592.87",
    f"{CHROME} OPR/111.0.0.0",
    f"{CHROME} Vivaldi/6.8",
    f"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 9; KFMAWI) {WEBKIT} Silk/118.2.1 like Chrome/118.0.5993.65 Safari/537.36",
    f"Mozilla/5.0 {PHONE_OS} {APPLE} GSA/322.0 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 YaBrowser/24.6.0.0 Safari/537.36",
    f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {APPLE} Version/16.6 Mobile/15E148 Safari/604.1 [Pinterest/iOS]",
    "Opera/9.80 (Android; Opera Mini/36.2.2254/191.249; U; en) Presto/2.12.423 Version/12.16",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    "test/1",
    "",
]


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_a_browser_of_people_gives_no_reason(user_agent: str) -> None:
    assert CRAWLERS.reason(user_agent) == ""


@pytest.mark.parametrize(
    ("user_agent", "reason"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler:search-engine"),
        (f"{WEBKIT} (compatible; GPTBot/1.2; +https://openai.com/gptbot)", "crawler:ai-crawler"),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "crawler:seo"),
        ("Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "crawler:monitoring"),
        ("python-requests/2.34.2", "http_library"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/126.0.0.0 Safari/537.36", "automation"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessEdg/126.0.0.0", "automation"),
        ("Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1", "automation"),
        ("Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/24.1.0", "automation"),
    ],
)
def test_a_program_gives_its_kind(user_agent: str, reason: str) -> None:
    assert CRAWLERS.reason(user_agent) == reason


def test_every_example_of_the_list_is_found() -> None:
    instances = [text for one in LISTED if one["pattern"] not in NOT_CRAWLERS for text in one.get("instances", ())]
    assert len(instances) > 2000
    assert [text for text in instances if not CRAWLERS.reason(text)] == []


def test_the_exceptions_are_in_the_list() -> None:
    assert set(NOT_CRAWLERS) <= {one["pattern"] for one in LISTED}


@pytest.mark.parametrize(
    ("platform", "tracker", "expected"),
    [
        ("srv", "", True), ("SRV", "", True), ("pc", "py-1.1.0", True), ("srv", "node-4.8.0", True), ("", "golang-2.0.0", True),
        ("", "analytics-python/2.4.0", True), ("", "analytics-node 3.1.0", True), ("", "@segment/analytics-node", True),
        ("", "rudder-analytics-python", True), ("", "@rudderstack/rudder-sdk-node/3.0.13", True), ("", "analytics-php-3.7", True),
        ("web", "js-4.10.1", False), ("web", "analytics.js/npm:next-1.84", False), ("", "", False), ("mob", "andr-6.0.4", False),
        ("mob", "ios-6.0.9", False), ("web", "analytics-next", False), ("web", "pyramid-shop", False), ("web", "node", False),
    ],
)  # fmt: skip
def test_a_server_library_is_known_by_platform_or_tracker(platform: str, tracker: str, expected: bool) -> None:
    assert is_server(platform, tracker) is expected


def test_what_a_server_library_sends_is_marked_by_nothing() -> None:
    for reason in ("http_library", "automation", "crawler:search-engine"):
        assert agent_reasons(reason, "srv", "analytics-python/2.4.0") == ()


def test_a_http_library_is_a_bot_only_where_it_claims_to_be_a_page() -> None:
    assert agent_reasons("http_library", "web", "") == ("http_library",)
    assert agent_reasons("http_library", "mob", "") == ()
    assert agent_reasons("http_library", "", "") == ()
    assert agent_reasons("crawler:seo", "", "") == ("crawler:seo",)


def hints(user_agent: str | None = CHROME, language: str | None = "de", brands: str | None = None, mobile: str | None = None,
          platform: str | None = None) -> Hints:  # fmt: skip
    return Hints(user_agent, language, brands, mobile, platform)


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        (hints(), ()),
        (hints(brands=BRANDS, mobile="?0", platform='"Windows"'), ()),
        (hints(PHONE, brands=BRANDS, mobile="?1", platform='"Android"'), ()),
        (hints(FIREFOX, language=None), ()),
        (hints(FIREFOX), ()),
        (
            hints(
                f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36", brands=BRANDS, platform='"Android"'
            ),
            (),
        ),
        (hints(None), ("header:no_user_agent",)),
        (hints(language=None), ("header:no_accept_language",)),
        (hints(FIREFOX, brands=BRANDS), ("header:client_hints",)),
        (hints(brands=BRANDS.replace("126", "119")), ("header:client_hints",)),
        (hints(brands='"HeadlessChrome";v="126", "Chromium";v="126"'), ("header:client_hints",)),
        (hints(brands=BRANDS, mobile="?1"), ("header:client_hints",)),
        (hints(brands=BRANDS, platform='"Linux"'), ("header:client_hints",)),
        (hints(PHONE, brands=BRANDS, platform='"Windows"'), ("header:client_hints",)),
        (hints(language=None, platform='"macOS"'), ("header:no_accept_language", "header:client_hints")),
    ],
)
def test_headers_that_no_browser_sends_are_reasons(given: Hints, reasons: tuple[str, ...]) -> None:
    assert header_reasons(given) == reasons


def test_every_header_that_is_looked_at_is_kept() -> None:
    assert set(HINT_HEADERS) <= {name.decode() for name in KEPT_HEADERS}


def fast(events: list[tuple[str, str, int]]) -> list[bool]:
    tenants, visitors, times = zip(*events, strict=True)
    return list(too_fast(pa.array(tenants), pa.array(visitors), pa.array(times)).to_pylist())


def test_only_the_minute_and_the_visitor_that_are_too_fast_are_marked() -> None:
    start = 1_700_000_040_000  # a whole minute
    crowd = [("t", "robot", start + at) for at in range(MAX_EVENTS_A_MINUTE + 1)]
    others = [("t", "robot", start + 60_000), ("other", "robot", start), ("t", "reader", start)]
    assert fast(crowd + others) == [True] * len(crowd) + [False] * 3


def test_the_limit_itself_is_not_too_fast_and_nobody_is_no_visitor() -> None:
    start = 1_700_000_040_000
    allowed = [("t", "v", start + at) for at in range(MAX_EVENTS_A_MINUTE)]
    nobody = [("t", "", start + at) for at in range(MAX_EVENTS_A_MINUTE * 2)]
    assert not any(fast(allowed + nobody))
    assert fast(allowed[:1]) == [False]


@given(st.text(max_size=300))
def test_any_user_agent_is_judged(user_agent: str) -> None:
    assert isinstance(CRAWLERS.reason(user_agent), str)


maybe = st.none() | st.text(max_size=60)


@given(maybe, maybe, maybe, maybe, maybe)
def test_any_headers_are_judged(
    agent: str | None, language: str | None, brands: str | None, mobile: str | None, system: str | None
) -> None:
    assert set(header_reasons(Hints(agent, language, brands, mobile, system))) <= {
        "header:no_user_agent",
        "header:no_accept_language",
        "header:client_hints",
    }


@given(st.text(max_size=40), st.text(max_size=60))
def test_any_tracker_is_judged(platform: str, tracker: str) -> None:
    assert is_server(platform, tracker) in (True, False)
