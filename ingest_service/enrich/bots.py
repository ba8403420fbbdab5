"""Why an event may be a program's: user agent, contradictions in headers, rate. Events are marked with reasons and never dropped.

Reasons of the headers and of the rate are known when the event is loaded only; those of the user agent can be worked out again.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from ua_parser_rs import UserAgentExtractor

from ingest_service.enrich.distinct import Distinct

MAX_CHARS = 1024  # of a user agent
MAX_EVENTS_A_MINUTE = 240  # of one visitor in one batch: four a second for a whole minute, or a burst that no reader makes
MINUTE_MS = 60_000

RATE = "rate"
AUTOMATION = "automation"
HTTP_LIBRARY = "http_library"
NO_USER_AGENT = "header:no_user_agent"
NO_LANGUAGE = "header:no_accept_language"
CLIENT_HINTS = "header:client_hints"
TAG_REASONS = {"browser-automation": AUTOMATION, "http-library": HTTP_LIBRARY}

# Of the list crawler-user-agents: entries that mark browsers of people.
NOT_CRAWLERS = {
    "MetaIAB Facebook": "the browser inside Meta's apps; the list took one for a link preview",
    "Fluid": "a browser for single sites on macOS",
}
AUTOMATED = re.compile(
    r"Headless|PhantomJS|SlimerJS|HtmlUnit|jsdom/|Cypress/|webdriver|puppeteer|playwright|selenium", re.IGNORECASE
)

# Trackers that run on a server: the shop sends, not its visitor. Snowplow's `tv`; library names of Segment and RudderStack.
SERVER_TRACKER = re.compile(
    r"^(?:(?:py|node|java|golang|go|php|rb|ruby|net|dotnet|scala|rust|cpp|lua)-\d"
    r"|@?(?:segment/|rudderstack/)?(?:rudder-)?(?:analytics|rudder-sdk)-(?:python|node|ruby|go|java|php|rust|net|csharp)\b"
    r"|analytics\.net\b|rudderanalytics)",
    re.IGNORECASE,
)


def is_server(platform: str, tracker: str) -> bool:
    """Whether a server library sent the event: then its user agent and headers are the shop's, and mark nothing."""
    return platform.lower() == "srv" or SERVER_TRACKER.match(tracker) is not None


class Crawlers:
    """The list crawler-user-agents (MIT) and a few words of our own, as one automaton: 2 us a string, 500 us with `re`."""

    def __init__(self) -> None:
        listed = json.loads(files("crawleruseragents").joinpath("crawler-user-agents.json").read_bytes())
        patterns = [(one["pattern"], _reason(one.get("tags", []))) for one in listed if one["pattern"] not in NOT_CRAWLERS]
        self._find = UserAgentExtractor([(pattern, reason, None, None, None, None) for pattern, reason in patterns])

    def reason(self, user_agent: str) -> str:
        """`crawler:<kind>`, `automation`, `http_library`, or empty for a browser or an app."""
        text = user_agent[:MAX_CHARS]
        if AUTOMATED.search(text):
            return AUTOMATION
        found = self._find.extract(text)
        return found.family if found else ""


def _reason(tags: list[str]) -> str:
    first = next(iter(tags), "other")
    return TAG_REASONS.get(first, f"crawler:{first}")


def agent_reasons(reason: str, platform: str, tracker: str) -> tuple[str, ...]:
    """What the user agent alone says. A bare HTTP library marks only what claims to be a web page: apps use them too."""
    if not reason or is_server(platform, tracker) or (reason == HTTP_LIBRARY and platform.lower() != "web"):
        return ()
    return (reason,)


class Hints(NamedTuple):
    """Headers of one request that are looked at; None for one that was not sent."""

    user_agent: str | None
    language: str | None
    brands: str | None  # Sec-CH-UA
    mobile: str | None  # Sec-CH-UA-Mobile
    platform: str | None  # Sec-CH-UA-Platform


HINT_HEADERS = ("user-agent", "accept-language", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform")
CHROMIUM = re.compile(r"Chrom(?:e|ium)/(\d+)")
BRAND_VERSION = re.compile(r'"Chromium";\s*v="(\d+)"')
PLATFORM_WORDS = {
    "windows": "Windows",
    "macos": "Mac",
    "android": "Android",
    "chrome os": "CrOS",
    "chromium os": "CrOS",
    "linux": "Linux",
}


def header_reasons(hints: Hints) -> tuple[str, ...]:
    """What the headers of a request say. Not asked for a request of which none was kept: nothing is held against it."""
    if not hints.user_agent:
        return (NO_USER_AGENT,)
    reasons = []
    if CHROMIUM.search(hints.user_agent) and not hints.language:
        reasons.append(NO_LANGUAGE)
    if _contradicts(hints, hints.user_agent):
        reasons.append(CLIENT_HINTS)
    return tuple(reasons)


def _contradicts(hints: Hints, user_agent: str) -> bool:
    """Whether client hints and user agent name different browsers, versions or systems. Only Chromium sends hints."""
    claimed = CHROMIUM.search(user_agent)
    if hints.brands and "Headless" in hints.brands:
        return True
    version = BRAND_VERSION.search(hints.brands or "")
    if version and (claimed is None or claimed[1] != version[1]):
        return True
    if hints.mobile == "?1" and "Mobile" not in user_agent:
        return True
    word = PLATFORM_WORDS.get((hints.platform or "").strip('"').lower())
    # A phone that asks for desktop pages says X11; Linux.
    return word is not None and word not in user_agent and not (word == "Android" and "X11" in user_agent)


def too_fast(tenant_ids: pa.Array, anonymous_ids: pa.Array, event_ms: pa.Array) -> pa.Array:
    """For each row whether its visitor has more than MAX_EVENTS_A_MINUTE events in that minute of the batch.

    A function of the batch alone, so that a batch that is loaded again gives the same rows; a slower program goes on for several
    batches without this reason. Visitors without an id are never too fast.
    """
    if len(event_ms) <= MAX_EVENTS_A_MINUTE:
        return pa.repeat(False, len(event_ms))
    minutes = pc.divide(event_ms.cast(pa.int64()), MINUTE_MS)
    visitors = Distinct(tenant_ids, anonymous_ids, minutes).at
    counts = pc.value_counts(visitors)
    many = counts.field("values").filter(pc.greater(counts.field("counts"), MAX_EVENTS_A_MINUTE))
    return pc.and_(pc.is_in(visitors, many), pc.not_equal(anonymous_ids, ""))
