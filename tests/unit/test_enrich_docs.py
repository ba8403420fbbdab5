"""The reference of enrichment names what the rules know: channels, click ids, reasons, groups."""

from __future__ import annotations

import re
from pathlib import Path

from ingest_service.enrich import bots
from ingest_service.enrich.channels import CHANNELS, CLICK_IDS
from ingest_service.enrich.enrich import AGENT_COLUMNS, GEO_COLUMNS, REFERRER_COLUMNS
from ingest_service.enrich.groups import GROUPS
from ingest_service.enrich.user_agents import DEVICE_PATTERNS, PLATFORM_DEVICES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "enrichment.md").read_text()


def section(title: str) -> str:
    """The text under a heading."""
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_table_of_channels_is_the_rules_in_their_order() -> None:
    table = section("Channel").split("| channel | when |")[1]
    rows = re.findall(r"^\| ([A-Z][\w -]+?) \|", table, re.MULTILINE)
    assert rows == list(CHANNELS)


def test_the_table_of_click_ids_says_what_they_imply() -> None:
    rows = re.findall(r"^\| (`.+?`) \| (\w+) \| (\w+) \|$", section("Channel"), re.MULTILINE)
    said = {name: (source, medium) for names, source, medium in rows for name in re.findall(r"`(\w+)`", names)}
    assert said == CLICK_IDS


def test_every_bot_reason_is_explained() -> None:
    rows = set(re.findall(r"^\| `([^`]+)` \|", section("Bots"), re.MULTILINE))
    known = {bots.RATE, bots.AUTOMATION, bots.HTTP_LIBRARY, bots.NO_USER_AGENT, bots.NO_LANGUAGE, bots.CLIENT_HINTS}
    assert rows == known | {"crawler:<kind>"}
    assert f"more than {bots.MAX_EVENTS_A_MINUTE} events" in PAGE


def test_every_device_class_and_platform_is_named() -> None:
    for name in (
        {kind for kind, _ in DEVICE_PATTERNS} | set(PLATFORM_DEVICES.values()) | set(PLATFORM_DEVICES) - {"mobile", "desktop"}
    ):
        assert f"`{name}`" in section("Device"), name


def test_every_column_and_every_group_is_named() -> None:
    for column in (*AGENT_COLUMNS, *REFERRER_COLUMNS, *GEO_COLUMNS, "channel", "is_bot", "bot_reasons"):
        assert f"`{column}`" in PAGE, column
    assert f"--only {','.join(GROUPS)}" in PAGE
