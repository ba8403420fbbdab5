"""Medium, source and search term of real referrers; who is the same site."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.enrich.hosts import KnownHosts
from ingest_service.enrich.referrers import Referrers

HOSTS = KnownHosts()
REFERRERS = Referrers(HOSTS)
PAGE = "www.shop.example"
MEDIA = {"", "direct", "internal", "search", "social", "email", "ai", "paid", "referral"}

REAL = [
    ("https://www.google.com/", "search", "Google", ""),
    ("https://www.google.com/search?q=red+shoes&hl=en", "search", "Google", "red shoes"),
    ("https://www.google.de/", "search", "Google", ""),
    ("https://www.google.co.uk/", "search", "Google", ""),
    ("https://www.google.com.br/", "search", "Google", ""),
    ("android-app://com.google.android.googlequicksearchbox/", "search", "Google", ""),
    ("https://www.bing.com/search?q=tee", "search", "Bing", "tee"),
    ("https://cn.bing.com/", "search", "Bing", ""),
    ("https://duckduckgo.com/", "search", "DuckDuckGo", ""),
    ("https://search.yahoo.com/search?p=socks", "search", "Yahoo!", "socks"),
    ("https://de.search.yahoo.com/", "search", "Yahoo!", ""),
    ("https://search.yahoo.co.jp/search?p=%E9%9D%B4", "search", "Yahoo! Japan", "靴"),
    ("https://yandex.ru/search/?text=%D0%BE%D0%B1%D1%83%D0%B2%D1%8C", "search", "Yandex", "обувь"),
    ("https://yandex.com.tr/", "search", "Yandex", ""),
    ("https://www.baidu.com/s?wd=shoes", "search", "Baidu", "shoes"),
    ("https://search.naver.com/search.naver?query=shoes", "search", "Naver", "shoes"),
    ("https://www.ecosia.org/search?q=tree", "search", "Ecosia", "tree"),
    ("https://search.brave.com/", "search", "Brave", ""),
    ("https://www.qwant.com/?q=a", "search", "Qwant", "a"),
    ("https://www.startpage.com/", "search", "StartPage", ""),
    ("https://search.seznam.cz/?q=boty", "search", "Seznam", "boty"),
    ("https://www.facebook.com/", "social", "Facebook", ""),
    ("https://l.facebook.com/l.php?u=x", "social", "Facebook", ""),
    ("https://lm.facebook.com/", "social", "Facebook", ""),
    ("https://l.instagram.com/", "social", "Instagram", ""),
    ("https://t.co/abc", "social", "Twitter", ""),
    ("https://x.com/", "social", "Twitter", ""),
    ("https://www.linkedin.com/feed", "social", "LinkedIn", ""),
    ("android-app://com.linkedin.android/", "social", "LinkedIn", ""),
    ("https://www.pinterest.de/pin/1", "social", "Pinterest", ""),
    ("https://www.tiktok.com/", "social", "TikTok", ""),
    ("https://out.reddit.com/", "social", "reddit", ""),
    ("https://m.youtube.com/watch?v=1", "social", "YouTube", ""),
    ("https://bsky.app/", "social", "Bluesky", ""),
    ("https://mail.google.com/mail/u/0/", "email", "Gmail", ""),
    ("android-app://com.google.android.gm/", "email", "Gmail", ""),
    ("https://outlook.live.com/", "email", "Outlook", ""),
    ("https://eur03.safelinks.protection.outlook.com/?url=x", "email", "Outlook", ""),
    ("https://mail.yahoo.com/", "email", "Yahoo! Mail", ""),
    ("https://deref-web.de/mail", "email", "Web.de Mail", ""),
    ("https://chatgpt.com/", "ai", "ChatGPT", ""),
    ("https://chat.openai.com/", "ai", "ChatGPT", ""),
    ("https://www.perplexity.ai/search?q=best+shoes", "ai", "Perplexity", ""),
    ("https://claude.ai/", "ai", "Claude", ""),
    ("https://gemini.google.com/app", "ai", "Gemini", ""),
    ("https://copilot.microsoft.com/", "ai", "Copilot", ""),
    ("https://chat.deepseek.com/", "ai", "Deepseek", ""),
    ("https://googleads.g.doubleclick.net/pagead", "paid", "Google Ads", ""),
    ("https://cdn.taboola.com/", "paid", "Taboola", ""),
    ("https://docs.google.com/document", "referral", "docs.google.com", ""),
    ("https://Blog.Partner.example:8080/a?b#c", "referral", "blog.partner.example", ""),
    ("http://notgoogle.com/", "referral", "notgoogle.com", ""),
    ("https://google.com.evil.example/", "referral", "google.com.evil.example", ""),
    ("https://shop.example/p/1", "internal", "shop.example", ""),
    ("https://www.shop.example/?q=a", "internal", "shop.example", ""),
    ("https://checkout.shop.example/", "internal", "checkout.shop.example", ""),
    ("https://othershop.example/", "referral", "othershop.example", ""),
    ("", "direct", "", ""),
    ("about:blank", "direct", "", ""),
    ("chrome-extension://abcdef/page.html", "direct", "", ""),
    ("http://[::1", "direct", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("referrer", "medium", "source", "term"), REAL, ids=[row[0] or "none" for row in REAL])
def test_a_real_referrer_is_placed(referrer: str, medium: str, source: str, term: str) -> None:
    assert REFERRERS.read(referrer, PAGE) == (medium, source, term)


def test_the_domain_of_a_page_on_a_subdomain_is_the_same_site() -> None:
    assert REFERRERS.read("https://www.shop.example/cart", "checkout.shop.example").medium == "internal"
    assert REFERRERS.read("https://example/", "shop.example").medium == "referral"  # an ending is no site


def test_an_event_without_a_page_has_no_medium() -> None:
    assert REFERRERS.read("", "") == ("", "", "")
    assert REFERRERS.read("https://www.google.com/", "").medium == "search"


def test_hidden_terms_are_none_and_long_ones_are_cut() -> None:
    assert REFERRERS.read("https://www.google.com/search?q=(not+provided)", PAGE).term == ""
    assert len(REFERRERS.read("https://www.google.com/search?q=" + "a" * 1900, PAGE).term) == 200
    assert REFERRERS.read("https://www.google.com/search?q=a%00b%0Ac", PAGE).term == "a b c"


def test_what_is_stored_without_its_query_keeps_medium_and_source() -> None:
    for referrer, *_ in REAL:
        bare = referrer.split("?")[0].split("#")[0]
        assert REFERRERS.read(bare, PAGE)[:2] == REFERRERS.read(referrer, PAGE)[:2], referrer


def test_every_listed_host_is_found_and_no_portal_is_a_search_engine() -> None:
    assert HOSTS.find("www.google.fr") is HOSTS.find("google.fr")
    for portal in ("www.cnn.com", "www.digg.com", "www.alexa.com", "tieba.baidu.com"):
        assert HOSTS.find(portal) is None, portal


@given(st.text(max_size=200), st.text(max_size=50))
def test_any_text_is_read(referrer: str, page_host: str) -> None:
    assert REFERRERS.read(referrer, page_host).medium in MEDIA


@given(st.from_regex(r"https?://[a-z.:@\[\]%0-9-]{0,60}(/[^\s]{0,80})?", fullmatch=True))
def test_anything_like_an_address_is_read(referrer: str) -> None:
    assert REFERRERS.read(referrer, PAGE).medium in MEDIA


@given(st.text(min_size=1, max_size=80))
def test_a_search_term_comes_back_as_it_was_typed(term: str) -> None:
    found = REFERRERS.read(f"https://www.google.com/search?q={quote_plus(term, errors='replace')}", PAGE).term
    if term.isprintable() and term.isascii() and term.strip() and "(not" not in term:
        assert found == term.strip() or term.strip().lower() == "not provided"
