"""The channel of a visit: GA4's rules for tagged traffic, click ids, referrers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.enrich.channels import CHANNELS, CLICK_IDS, Channels
from ingest_service.enrich.hosts import KnownHosts
from ingest_service.enrich.referrers import Referrer, Referrers
from ingest_service.enrich.sources import Sources

HOSTS = KnownHosts()
READ = Referrers(HOSTS).read
NAME = Channels(Sources(HOSTS)).name
PAGE = "shop.example"
STRAIGHT = Referrer("direct", "", "")

# (utm_source, utm_medium, utm_campaign) -> channel: the rows of Google's table for manual traffic.
TAGGED = [
    (("(direct)", "(none)", ""), "Direct"),
    (("direct", "(not set)", ""), "Direct"),
    (("google", "cpc", "cross-network"), "Cross-network"),
    (("google", "organic", "my Cross-Network 2026"), "Cross-network"),
    (("amazon", "cpc", ""), "Paid Shopping"),
    (("google", "cpc", "summer shopping"), "Paid Shopping"),
    (("google", "cpc", "eshop"), "Paid Shopping"),
    (("google", "cpc", "shop-de"), "Paid Shopping"),
    (("google", "cpc", "workshop"), "Paid Search"),
    (("google", "cpc", ""), "Paid Search"),
    (("Google", "CPC", "Brand"), "Paid Search"),
    (("bing", "ppc", ""), "Paid Search"),
    (("yahoo", "paidsearch", ""), "Paid Search"),
    (("google_ads", "paid", ""), "Paid Search"),
    (("www.google.com", "retargeting", ""), "Paid Search"),
    (("facebook", "cpc", ""), "Paid Social"),
    (("fb", "paid_social", ""), "Paid Social"),
    (("ig", "cpm", ""), "Paid Social"),
    (("m.facebook.com", "cpc", ""), "Paid Social"),
    (("tiktok", "paid", ""), "Paid Social"),
    (("linkedin", "cpc", ""), "Paid Social"),
    (("youtube", "cpv", ""), "Paid Video"),
    (("youtube", "cpc", ""), "Paid Video"),
    (("m.youtube.com", "paidvideo", ""), "Paid Video"),
    (("vimeo.com", "ppc", ""), "Paid Video"),
    (("someblog", "display", ""), "Display"),
    (("dv360", "banner", ""), "Display"),
    (("x.example", "interstitial", ""), "Display"),
    (("x.example", "expandable", ""), "Display"),
    (("x.example", "cpm", ""), "Display"),
    (("x.example", "cpc", ""), "Paid Other"),
    (("partner", "paid-placement", ""), "Paid Other"),
    (("criteo", "retargeting", ""), "Paid Other"),
    (("ebay.de", "listing", ""), "Organic Shopping"),
    (("newsletter", "blog", "shop"), "Organic Shopping"),
    (("shopping.google.com", "", ""), "Organic Shopping"),
    (("idealo", "price-comparison", ""), "Organic Shopping"),
    (("facebook", "", ""), "Organic Social"),
    (("instagram.com", "post", ""), "Organic Social"),
    (("somewhere", "social", ""), "Organic Social"),
    (("somewhere", "social-media", ""), "Organic Social"),
    (("somewhere", "sm", ""), "Organic Social"),
    (("somewhere", "Social Network", ""), "Organic Social"),
    (("youtube", "", ""), "Organic Video"),
    (("somewhere", "instream-video", ""), "Organic Video"),
    (("chatgpt.com", "", ""), "AI Assistants"),
    (("perplexity", "referral", ""), "AI Assistants"),
    (("copilot.microsoft.com", "organic", ""), "AI Assistants"),
    (("chatgpt.com", "cpc", ""), "Paid Other"),
    (("google", "", ""), "Organic Search"),
    (("duckduckgo", "organic", ""), "Organic Search"),
    (("anything", "organic", ""), "Organic Search"),
    (("klaviyo", "email", ""), "Email"),
    (("email", "", ""), "Email"),
    (("list", "e-mail", ""), "Email"),
    (("list", "e_mail", "shopkeepers"), "Organic Shopping"),
    (("list", "e mail", ""), "Email"),
    (("partner", "affiliate", ""), "Affiliates"),
    (("awin", "affiliates", ""), "Affiliates"),
    (("blog", "referral", ""), "Referral"),
    (("blog", "link", ""), "Referral"),
    (("ourapp", "app", ""), "Referral"),
    (("spotify", "audio", ""), "Audio"),
    (("sms", "", ""), "SMS"),
    (("twilio", "sms", ""), "SMS"),
    (("onesignal", "webpush", ""), "Mobile Push Notifications"),
    (("x", "mobile-message", ""), "Organic Social"),
    (("braze", "notification", ""), "Mobile Push Notifications"),
    (("firebase", "", ""), "Mobile Push Notifications"),
    (("flyer", "qr", ""), "Unassigned"),
    (("newsletter", "", "spring"), "Unassigned"),
    (("", "", "spring"), "Unassigned"),
    (("", "", "cross-network"), "Cross-network"),
]


@pytest.mark.parametrize(("campaign", "channel"), TAGGED, ids=["/".join(row[0]) for row in TAGGED])
def test_a_tagged_visit_is_in_the_channel_that_google_documents(campaign: tuple[str, str, str], channel: str) -> None:
    assert NAME(campaign, "", STRAIGHT) == channel
    assert NAME(campaign, "", READ("https://blog.example/", PAGE)) == channel or campaign[:2] == ("", "")


REFERRED = [
    ("https://www.google.com/", "Organic Search"),
    ("https://duckduckgo.com/", "Organic Search"),
    ("https://l.facebook.com/", "Organic Social"),
    ("https://t.co/x", "Organic Social"),
    ("https://www.youtube.com/", "Organic Video"),
    ("https://vimeo.com/1", "Organic Video"),
    ("https://www.amazon.de/dp/1", "Organic Shopping"),
    ("https://www.idealo.de/", "Organic Shopping"),
    ("https://mail.google.com/", "Email"),
    ("https://outlook.live.com/", "Email"),
    ("https://chatgpt.com/", "AI Assistants"),
    ("https://gemini.google.com/", "AI Assistants"),
    ("https://googleads.g.doubleclick.net/", "Display"),
    ("https://blog.example/", "Referral"),
    ("https://www.shop.example/a", "Internal"),
    ("", "Direct"),
]


@pytest.mark.parametrize(("referrer", "channel"), REFERRED, ids=[row[0] or "none" for row in REFERRED])
def test_an_untagged_visit_is_placed_by_its_referrer(referrer: str, channel: str) -> None:
    assert NAME(("", "", ""), "", READ(referrer, PAGE)) == channel


CLICKED = [
    ("gclid", "Paid Search"),
    ("wbraid", "Paid Search"),
    ("gbraid", "Paid Search"),
    ("msclkid", "Paid Search"),
    ("dclid", "Display"),
    ("fbclid", "Organic Social"),
    ("ttclid", "Paid Social"),
    ("twclid", "Paid Social"),
    ("li_fat_id", "Paid Social"),
    ("sccid", "Paid Social"),
    ("epik", "Organic Social"),
    ("irclickid", "Affiliates"),
]


@pytest.mark.parametrize(("click_id", "channel"), CLICKED)
def test_a_click_id_implies_its_network_and_that_it_was_paid_for(click_id: str, channel: str) -> None:
    assert NAME(("", "", ""), click_id, STRAIGHT) == channel
    assert NAME(("", "", ""), click_id, READ("https://www.google.com/", PAGE)) == channel


def test_every_click_id_that_is_kept_has_a_rule() -> None:
    from ingest_service.loader.web import CLICK_ID_PARAMETERS

    assert set(CLICK_IDS) == CLICK_ID_PARAMETERS == {row[0] for row in CLICKED}


def test_utm_parameters_come_before_click_ids() -> None:
    assert NAME(("newsletter", "email", ""), "fbclid", STRAIGHT) == "Email"
    assert NAME(("facebook", "social", ""), "fbclid", STRAIGHT) == "Organic Social"
    assert NAME(("google", "", ""), "gclid", STRAIGHT) == "Paid Search"
    assert NAME(("bing", "", ""), "gclid", STRAIGHT) == "Paid Search"
    assert NAME(("youtube", "", ""), "gclid", STRAIGHT) == "Paid Video"
    assert NAME(("", "display", ""), "gclid", STRAIGHT) == "Display"
    assert NAME(("", "", "shopping"), "gclid", STRAIGHT) == "Paid Shopping"


def test_a_campaign_name_alone_leaves_the_referrer_its_word() -> None:
    assert NAME(("", "", "spring"), "", READ("https://www.google.com/", PAGE)) == "Organic Search"
    assert NAME(("", "", "spring"), "", READ("https://www.shop.example/", PAGE)) == "Unassigned"


def test_an_event_without_page_and_campaign_has_no_channel() -> None:
    assert NAME(("", "", ""), "", Referrer("", "", "")) == ""


texts = st.text(max_size=40)
media = st.sampled_from(["", "direct", "internal", "search", "social", "email", "ai", "paid", "referral"])


@given(st.tuples(texts, texts, texts), st.sampled_from(["", *CLICK_IDS]), st.builds(Referrer, media, texts, texts))
def test_any_texts_have_a_channel_that_is_documented(campaign: tuple[str, str, str], click_id: str, referrer: Referrer) -> None:
    assert NAME(campaign, click_id, referrer) in {"", *CHANNELS}
