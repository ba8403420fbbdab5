"""Device, browser and system of real user agents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ua_parser import UserAgent

from ingest_service.enrich.user_agents import Agent, UserAgents, device_of_platform, named

AGENTS = UserAgents()
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
SAFARI = "Safari/537.36"
MAC = "(Macintosh; Intel Mac OS X 10_15_7)"
PHONE = "(iPhone; CPU iPhone OS 17_5 like Mac OS X)"
DEVICES = {"desktop", "mobile", "tablet", "tv", "console", "other"}

REAL = [
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
        "Chrome", "126.0.0", "Windows", "desktop",
    ),
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87",
        "Edge", "126.0.2592", "Windows", "desktop",
    ),
    (f"Mozilla/5.0 {MAC} {APPLE} Version/17.5 Safari/605.1.15", "Safari", "17.5", "Mac OS X", "desktop"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "128.0", "Linux", "desktop"),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
        "Chrome", "126.0.0", "Chrome OS", "desktop",
    ),
    (f"Mozilla/5.0 {PHONE} {APPLE} Version/17.5 Mobile/15E148 Safari/604.1", "Mobile Safari", "17.5", "iOS", "mobile"),
    (
        f"Mozilla/5.0 {PHONE} {APPLE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
        "Chrome Mobile iOS", "126.0.6478", "iOS", "mobile",
    ),
    (
        f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
        "Chrome Mobile", "126.0.0", "Android", "mobile",
    ),
    (
        f"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
        "Samsung Internet", "25.0", "Android", "mobile",
    ),
    ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "Firefox Mobile", "127.0", "Android", "mobile"),
    (
        "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS; Opera Mobi/23.348; U; en) Presto/2.5.25 Version/10.54",
        "Opera Mini", "9.80", "Symbian OS", "mobile",
    ),
    (
        "Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
        "Firefox Mobile", "48.0", "KaiOS", "mobile",
    ),
    (
        f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {APPLE} Version/16.6 Mobile/15E148 Safari/604.1",
        "Mobile Safari", "16.6", "iOS", "tablet",
    ),
    (
        f"Mozilla/5.0 (Linux; Android 13; SM-X700) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
        "Chrome", "126.0.0", "Android", "tablet",
    ),
    (
        f"Mozilla/5.0 (Linux; Android 9; KFMAWI) {WEBKIT} Silk/118.2.1 like Chrome/118.0.5993.65 Safari/537.36",
        "Amazon Silk", "118.2.1", "Android", "tablet",
    ),
    (f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) {WEBKIT} 76.0.3809.146/6.0 TV Safari/537.36", None, None, "Tizen", "tv"),
    (f"Mozilla/5.0 (Web0S; Linux/SmartTV) {WEBKIT} Chrome/94.0.4606.128 Safari/537.36 WebAppManager", None, None, None, "tv"),
    (
        f"Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7633) {WEBKIT} Silk/112.3 like Chrome/112.0.5615.213 Safari/537.36",
        None, None, "Android", "tv",
    ),
    (f"Mozilla/5.0 (Linux; Android 12; BRAVIA 4K VH22) {WEBKIT} Chrome/114.0.0.0 Safari/537.36", None, None, "Android", "tv"),
    ("Roku/DVP-12.5 (12.5.0.4178-88)", None, None, None, "tv"),
    (f"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) {APPLE} Version/13.0 Safari/605.1.15", None, None, None, "console"),
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) {WEBKIT} Chrome/125.0.0.0 Safari/537.36 Edge/44.18363.8131",
        None, None, "Windows", "console",
    ),
    (
        "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NintendoBrowser/5.1.0.22474",
        None, None, None, "console",
    ),
    ("analytics-python/2.4.0", None, None, None, "other"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "browser", "version", "system", "device"), REAL, ids=[row[0][:60] for row in REAL])
def test_a_real_user_agent_gives_browser_system_and_device(
    text: str, browser: str | None, version: str | None, system: str | None, device: str
) -> None:
    found = AGENTS.read(text)
    assert found.device_class == device
    if browser is not None:
        assert (found.browser_name, found.browser_version) == (browser, version)
    if system is not None:
        assert found.os_name == system


def test_a_version_has_as_many_parts_as_are_known() -> None:
    found = AGENTS.read(f"Mozilla/5.0 {MAC} {APPLE} Version/17.5 Safari/605.1.15")
    assert (found.browser_version, found.os_version) == ("17.5", "10.15.7")


def test_a_version_ends_where_a_part_is_missing() -> None:
    assert named(UserAgent("Browser", "1", None, "3", None)) == ("Browser", "1")
    assert named(UserAgent("Browser", None, None, None, None)) == ("Browser", "")
    assert named(UserAgent("Other", "1", None, None, None)) == named(None) == ("", "")


def test_only_the_beginning_is_looked_at() -> None:
    assert AGENTS.read("x" * 1020 + " iPhone").device_class == "other"


@pytest.mark.parametrize("text", ["", "   "])
def test_no_user_agent_says_nothing(text: str) -> None:
    assert AGENTS.read(text) == Agent("", "", "", "", "")


@pytest.mark.parametrize(
    ("platform", "device"),
    [("mob", "mobile"), ("iOS", "mobile"), ("android", "mobile"), ("pc", "desktop"), ("tv", "tv"), ("cnsl", "console"),
     ("srv", "other"), ("iot", "other"), ("web", ""), ("", ""), ("neuland", "")],
)  # fmt: skip
def test_a_platform_names_the_device_where_it_can(platform: str, device: str) -> None:
    assert device_of_platform(platform) == device


@given(st.text(max_size=3000))
def test_any_text_is_read(text: str) -> None:
    found = AGENTS.read(text)
    assert found.device_class in DEVICES or not text[:1024].strip()


def test_a_hostile_length_is_cut() -> None:
    assert AGENTS.read("Mozilla/5.0 (iPhone; " + "a(" * 500_000).device_class == "mobile"
