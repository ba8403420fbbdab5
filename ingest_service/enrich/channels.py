"""The channel that an event's own evidence names: campaign parameters first, then click ids, then the referrer.

The names and rules are those of GA4's default channel group for manual traffic, in Google's order, the first that holds
(https://support.google.com/analytics/answer/9756891), with two more, AI Assistants and Internal. A referring advertising server
counts as medium display. Which event of a session gives the session's channel is decided in the marts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ingest_service.enrich.referrers import DIRECT, INTERNAL, REFERRAL, Referrer
from ingest_service.enrich.sources import Sources

# Click id -> (source, medium) that it implies where no utm parameter says otherwise. The first in this order counts.
# fbclid and epik are on every link that leaves those networks, paid or not: they name the network and not a payment.
CLICK_IDS: dict[str, tuple[str, str]] = {
    "gclid": ("google", "cpc"),
    "wbraid": ("google", "cpc"),
    "gbraid": ("google", "cpc"),
    "msclkid": ("bing", "cpc"),
    "dclid": ("dv360", "display"),
    "ttclid": ("tiktok", "paid_social"),
    "fbclid": ("facebook", "social"),
    "twclid": ("twitter", "paid_social"),
    "li_fat_id": ("linkedin", "paid_social"),
    "sccid": ("snapchat", "paid_social"),
    "epik": ("pinterest", "social"),
    "irclickid": ("impact", "affiliate"),
}
MAX_CHARS = 200  # of a campaign's name that are looked at

PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
SHOPPING = re.compile(r"^(.*(([^a-df-z]|^)shop|shopping).*)$")
EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail"})
DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
SOCIAL = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})
NOTHING = frozenset({"", "(none)", "(not set)"})
NO_SOURCE = frozenset({"direct", "(direct)"})


class Touch(NamedTuple):
    """Source, medium and campaign in lower case, and the source's kind: what the rules look at."""

    source: str
    medium: str
    campaign: str
    kind: str


Rule = tuple[str, Callable[[Touch], bool]]


def _is_paid(touch: Touch) -> bool:
    return PAID.match(touch.medium) is not None


def _is_shopping(touch: Touch) -> bool:
    return touch.kind == "shopping" or SHOPPING.match(touch.campaign) is not None


def _is_push(touch: Touch) -> bool:
    medium = touch.medium
    return medium.endswith("push") or "mobile" in medium or "notification" in medium or touch.source == "firebase"


RULES: tuple[Rule, ...] = (
    ("Direct", lambda touch: touch.source in NO_SOURCE and touch.medium in NOTHING),
    ("Cross-network", lambda touch: "cross-network" in touch.campaign),
    ("Paid Shopping", lambda touch: _is_paid(touch) and _is_shopping(touch)),
    ("Paid Search", lambda touch: _is_paid(touch) and touch.kind == "search"),
    ("Paid Social", lambda touch: _is_paid(touch) and touch.kind == "social"),
    ("Paid Video", lambda touch: _is_paid(touch) and touch.kind == "video"),
    ("Display", lambda touch: touch.medium in DISPLAY),
    ("Paid Other", _is_paid),
    ("Organic Shopping", _is_shopping),
    ("Organic Social", lambda touch: touch.kind == "social" or touch.medium in SOCIAL),
    ("Organic Video", lambda touch: touch.kind == "video" or "video" in touch.medium),
    ("AI Assistants", lambda touch: touch.kind == "ai" or touch.medium in ("ai", "ai-assistant")),
    ("Organic Search", lambda touch: touch.kind == "search" or touch.medium == "organic"),
    ("Referral", lambda touch: touch.medium in ("referral", "app", "link")),
    ("Email", lambda touch: touch.source in EMAIL or touch.medium in EMAIL),
    ("Affiliates", lambda touch: touch.medium in ("affiliate", "affiliates")),
    ("Audio", lambda touch: touch.medium == "audio"),
    ("SMS", lambda touch: touch.source == "sms" or touch.medium == "sms"),
    ("Mobile Push Notifications", _is_push),
)
UNASSIGNED = "Unassigned"
CHANNELS = (*dict.fromkeys(name for name, _ in RULES), "Internal", UNASSIGNED)

# Medium of a referrer -> the medium that the rules know; networks and assistants are known to them by their kind.
REFERRER_MEDIA = {
    "search": "organic",
    "social": "referral",
    "email": "email",
    "ai": "referral",
    "paid": "display",
    REFERRAL: "referral",
}
NO_CAMPAIGN = {"": "", DIRECT: "Direct", INTERNAL: "Internal"}  # referrer's medium -> channel where nothing else is known


class Channels:
    """The channel of an event."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def name(self, campaign: tuple[str, str, str], click_id: str, referrer: Referrer) -> str:
        """The channel's name; empty where the event has neither page, campaign, click id nor referrer.

        `campaign` is (source, medium, name) as stored; `click_id` the first of CLICK_IDS that the event has, or empty.
        """
        source, medium, label = (part.strip().lower()[:MAX_CHARS] for part in campaign)
        if click_id:
            implied = CLICK_IDS[click_id]
            source, medium = source or implied[0], medium or implied[1]
        elif not source and not medium:
            return self._by_referrer(referrer, label)
        return self._by_rules(Touch(source, medium, label, self._sources.kind(source)))

    def _by_referrer(self, referrer: Referrer, label: str) -> str:
        if referrer.medium in REFERRER_MEDIA:
            kind = self._sources.kind(referrer.source) or referrer.medium
            return self._by_rules(Touch(referrer.source.lower(), REFERRER_MEDIA[referrer.medium], label, kind))
        return self._by_rules(Touch("", "", label, "")) if label else NO_CAMPAIGN[referrer.medium]

    @staticmethod
    def _by_rules(touch: Touch) -> str:
        return next((name for name, holds in RULES if holds(touch)), UNASSIGNED)
