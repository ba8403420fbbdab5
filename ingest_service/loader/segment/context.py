"""What the `context` of a call tells: page, campaign, device, tracker, consent, session. Cached, as calls of a page share it.

Operating system, device, network and location are not read: they hold identifiers, and the loader derives what marts need.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from ingest_service.loader.coercion import UNREADABLE
from ingest_service.loader.event import Campaign, Client, Page
from ingest_service.loader.segment.fill import Filled, Given, fill
from ingest_service.loader.segment.layouts import EVENT, Layout, Target
from ingest_service.loader.segment.message import decode_any
from ingest_service.loader.segment.pages import DERIVED, page_of
from ingest_service.loader.segment.readers import COUNT, FLAGS, KEY, TEXT

POINTER = "/context"
IGNORED = frozenset(
    {"active", "clientHints", "device", "externalId", "integrations", "location", "metrics", "network", "os", "protocols"}
    | {"sessionStart", "userAgentData", *DERIVED}
)
SDK_NAMESPACE = "com.rudderlabs."
MAX_WORD = 100  # characters of a channel or a library's name that are looked at: what is cached is bounded
CHANNELS = {"web": "web", "browser": "web", "server": "srv", "mobile": "mob"}
SERVER_LIBRARY = re.compile(r"(?:analytics|rudder-sdk)-(?:python|node|ruby|go|java|php|net|csharp|rust)\b|analytics\.net", re.I)
MOBILE_LIBRARY = re.compile(r"ios|android|swift|kotlin|react-native|flutter|unity", re.I)
WEB_LIBRARY = re.compile(r"analytics\.js|javascript|browser|\bamp\b", re.I)
PLATFORMS = ((SERVER_LIBRARY, "srv"), (MOBILE_LIBRARY, "mob"), (WEB_LIBRARY, "web"))

_TOP = Layout(
    {
        "locale": Target("client", "locale", TEXT),
        "timezone": Target("client", "timezone", TEXT),
        "channel": Target(EVENT, "channel", TEXT),
        "sessionId": Target(EVENT, "session_id", KEY),
        "groupId": Target(EVENT, "group_id", KEY),
        "ip": Target(EVENT, "ip", TEXT),
        "userAgent": Target(EVENT, "user_agent", TEXT),
    }
)
_INNER = {
    "page": Layout({name: Target("page", name, TEXT) for name in ("url", "path", "search", "title", "referrer")}),
    "campaign": Layout({name: Target("campaign", name, TEXT) for name in ("name", "source", "medium", "term", "content")}),
    "referrer": Layout({"url": Target("referrer", "url", TEXT)}),
    "library": Layout({name: Target("library", name, TEXT) for name in ("name", "version")}),
    "app": Layout({name: Target("app", name, TEXT) for name in ("namespace", "name")}),
    "screen": Layout({name: Target("screen", name, COUNT) for name in ("width", "height", "innerWidth", "innerHeight")}),
    "consent": Layout({"categoryPreferences": Target("consent", "purposes", FLAGS)}),
}
_KEEPS_REST = frozenset({"campaign", "consent"})  # of the others nothing more is of use
_TOLD_APART = frozenset({"traits", "consentManagement", *IGNORED})


class Context(NamedTuple):
    """What one context tells. `page_fields` are for a page call to add its own to."""

    page: Page | None = None
    page_fields: Given = {}  # noqa: RUF012 - never written to
    campaign: Campaign | None = None
    client: Client | None = None
    consent: dict[str, bool] = {}  # noqa: RUF012
    app_id: str | None = None
    session_id: str | None = None
    group_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    traits: Any = None
    rest: Given = {}  # noqa: RUF012
    warnings: tuple[str, ...] = ()


def read_context(raw: bytes, channel: Any) -> Context:
    """The context of its JSON text, and of the call's own `channel`. Raises what the decoder raises."""
    given = decode_any(raw) if raw else None
    if not isinstance(given, dict):
        warnings = () if given is None else (f"invalid:{POINTER}",)
        return Context(client=_client({}, channel), warnings=warnings)
    filled = Filled()
    flat = {}
    for name, value in given.items():
        if name in _INNER:
            _read_inner(name, value, filled)
        elif name not in _TOLD_APART:
            flat[name] = value
    fill(flat, _TOP, POINTER, filled)
    parts = filled.parts
    known = parts.get(EVENT, {})
    page = parts.get("page", {})
    if "referrer" in parts:
        page.setdefault("referrer", parts["referrer"]["url"])
    return Context(
        page=page_of(page),
        page_fields=page,
        campaign=Campaign(**parts["campaign"]) if "campaign" in parts else None,
        client=_client(parts, channel or known.get("channel")),
        consent=parts.get("consent", {}).get("purposes") or _managed(given.get("consentManagement")),
        app_id=app_of(parts.get("app", {})),
        session_id=known.get("session_id"),
        group_id=known.get("group_id"),
        ip=known.get("ip"),
        user_agent=known.get("user_agent"),
        traits=given.get("traits"),
        rest=filled.rest,
        warnings=tuple(filled.warnings),
    )


def _read_inner(name: str, value: Any, into: Filled) -> None:
    if value is None or value == "":
        return
    if not isinstance(value, dict):
        into.warnings.append(f"invalid:{POINTER}/{name}")
        into.rest[name] = value
        return
    read = Filled()
    read.parts = into.parts
    fill(value, _INNER[name], f"{POINTER}/{name}", read)
    into.warnings += read.warnings
    if read.rest and name in _KEEPS_REST:
        into.rest[name] = read.rest


def _client(parts: dict[str, Given], channel: Any) -> Client | None:
    fields = dict(parts.get("client", {}))
    library = parts.get("library", {})
    if library:
        fields["tracker_version"] = "-".join(filter(None, (library.get("name"), library.get("version"))))
    platform = platform_of(channel[:MAX_WORD] if isinstance(channel, str) else "", library.get("name", "")[:MAX_WORD])
    if platform:
        fields["platform"] = platform
    screen = parts.get("screen", {})
    for field, width, height in (("screen", "width", "height"), ("viewport", "innerWidth", "innerHeight")):
        if width in screen and height in screen:
            fields[field] = f"{screen[width]}x{screen[height]}"
    return Client(**fields) if fields else None


@lru_cache(1000)
def platform_of(channel: str, library: str) -> str:
    """Snowplow's word for where it ran: told by the channel, else by the library's name; empty where neither tells."""
    if channel:
        return CHANNELS.get(channel.lower(), channel)
    return next((platform for pattern, platform in PLATFORMS if pattern.search(library)), "")


def app_of(app: Given) -> str | None:
    """The shop's app. RudderStack's browser SDK names itself, which says nothing."""
    named: str | None = app.get("namespace") or app.get("name")
    return None if named and named.startswith(SDK_NAMESPACE) else named


def _managed(given: Any) -> dict[str, bool]:
    """RudderStack's consent: lists of what was allowed and denied."""
    if not isinstance(given, dict):
        return {}
    found: dict[str, bool] = {}
    for name, flag in (("allowedConsentIds", True), ("deniedConsentIds", False)):
        ids = given.get(name)
        for one in ids if isinstance(ids, list) else ():
            key = KEY.read(one)
            if key is not UNREADABLE:
                found[key] = flag
    return found
