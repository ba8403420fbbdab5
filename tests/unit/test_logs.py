"""Log lines: one a line, of our own words only, and never a flood."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_service import logs

SECRET = "jane@example.com"


class Lines:
    """What was written to stderr since the format was chosen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.text = io.StringIO()

    def use(self, log_format: str) -> None:
        self._monkeypatch.setattr(sys, "stderr", self.text)
        logs.setup(log_format)

    @property
    def parsed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.getvalue().splitlines()]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    yield Lines(monkeypatch)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    for name in logs.OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_a_json_line_has_time_level_event_and_fields(lines: Lines) -> None:
    lines.use("json")
    logs.say(logging.WARNING, "worker_ended", worker=7, exit_code=-9, nothing=None)
    (line,) = lines.parsed
    assert line.pop("ts").endswith("Z")
    assert line.pop("pid") > 0
    assert line == {"level": "warning", "event": "worker_ended", "worker": 7, "exit_code": -9}


def test_a_text_line_reads_from_left_to_right(lines: Lines) -> None:
    lines.use("text")
    logs.say(logging.WARNING, "worker_killed", worker=7, reason="did not stop")
    _, level, event, _, *fields = lines.text.getvalue().split()
    assert (level, event, " ".join(fields)) == ("WARNING", "worker_killed", "worker=7 reason='did not stop'")


@settings(deadline=None)
@given(value=st.text(), log_format=st.sampled_from(["json", "text"]))
def test_no_value_makes_a_second_line(value: str, log_format: str) -> None:
    record = logging.makeLogRecord({"levelname": "INFO", "event": "x", "fields": {"value": value}})
    line_of = logs.json_line if log_format == "json" else logs.text_line
    line = logs.LineFormatter(line_of).format(record)
    assert len(line.splitlines()) == 1


def test_an_exception_is_its_type_and_place_and_not_its_message(lines: Lines) -> None:
    lines.use("json")
    try:
        raise ValueError(f"cannot read {SECRET}")
    except ValueError:
        logging.getLogger("ingest_service.x").exception("worker_failed", extra={"fields": {}})
    (line,) = lines.parsed
    assert (line["event"], line["error"]) == ("worker_failed", "builtins.ValueError")
    assert line["frames"][-1].endswith("test_an_exception_is_its_type_and_place_and_not_its_message")
    assert SECRET not in lines.text.getvalue()


def test_of_a_library_only_errors_are_written_and_only_their_template(lines: Lines) -> None:
    lines.use("json")
    logging.getLogger("some.library").warning("Retrying %s", f"/?user={SECRET}")
    assert lines.parsed == []
    logging.getLogger("some.library").error("Retrying %s", f"/?user={SECRET}")
    (line,) = lines.parsed
    assert (line["event"], line["logger"], line["message"]) == ("library", "some.library", "Retrying %s")


def test_a_forgotten_task_does_not_tell_what_it_failed_on(lines: Lines) -> None:
    """asyncio puts the exception's own words into the second line of its message."""

    async def scenario() -> None:
        async def fail() -> None:
            raise KeyError(SECRET)

        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del task
        await asyncio.sleep(0.01)

    lines.use("json")
    asyncio.run(scenario())
    assert [line["error"] for line in lines.parsed] == ["builtins.KeyError"]
    assert SECRET not in lines.text.getvalue()


def test_what_ends_the_process_is_one_line_too(lines: Lines) -> None:
    lines.use("json")
    error = ValueError(SECRET)
    sys.excepthook(ValueError, error, None)
    assert [(line["event"], line["error"]) for line in lines.parsed] == [("crashed", "builtins.ValueError")]
    assert SECRET not in lines.text.getvalue()


def test_a_flood_of_refusals_is_a_few_lines_a_minute_for_each_code(lines: Lines) -> None:
    lines.use("json")
    log = logs.RefusalLog()
    for _ in range(10_000):
        log.note("/v1/events", "unknown_write_key", 401)
        log.note("tp2", "body_too_large", 400)
    codes = [line["code"] for line in lines.parsed]
    assert codes.count("unknown_write_key") == codes.count("body_too_large") == logs.BURST


def test_after_the_flood_a_line_says_how_many_were_left_out() -> None:
    now = 0.0
    burst = logs.Burst(lambda: now)
    assert [burst.suppressed("code") for _ in range(logs.BURST + 5)] == [0] * logs.BURST + [None] * 5
    now = logs.WINDOW_SECONDS
    assert burst.suppressed("code") == 5
    assert burst.suppressed("code") == 0


def test_any_place_that_repeats_itself_is_limited(lines: Lines) -> None:
    lines.use("json")
    for number in range(1000):
        logging.getLogger("ingest_service.auth").warning("write keys were not refreshed: %s", number)
    assert len(lines.parsed) == logs.BURST
