"""docs/reference/events.md names every column and every reason that the loader writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest_service.loader import bodies, clock, lenient, sift
from ingest_service.loader.columns import RAW_EVENTS, RAW_EVENTS_REJECTED

PAGE = (Path(__file__).parents[2] / "docs/reference/events.md").read_text()
WORDS = set(re.findall(r"`([^`]+)`", PAGE))


@pytest.mark.parametrize("column", [*RAW_EVENTS.names, *RAW_EVENTS_REJECTED.names])
def test_every_column_is_described(column: str) -> None:
    groups = {"items": "items.*", "campaign": "campaign_*"}
    assert column in WORDS or groups.get(re.split(r"[._]", column)[0]) in WORDS


@pytest.mark.parametrize(
    "reason",
    [
        *bodies.WHOLE_BODY_REASONS,
        sift.COLLISION,
        lenient.UNKNOWN_WARNING,
        clock.FUTURE_WARNING,
        clock.TOO_EARLY_WARNING,
        clock.NO_TIME_WARNING,
        *(f"{kind}_{field}" for kind in ("missing", "invalid") for field in ("event_id", "name")),
        "event_id_too_long",
        "name_too_long",
        "not_an_object",
        "unreadable",
    ],
)
def test_every_reason_and_warning_is_described(reason: str) -> None:
    assert reason in WORDS
