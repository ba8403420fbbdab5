"""`gxy ingest status`: the page says what is the case, names what is wrong with its remedy, and fits 80 columns."""

from __future__ import annotations

import json
import time
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from rich.console import Console

from gxy_analytics.settings import Settings
from gxy_analytics.stack.lock import StackLock
from ingest_service.commands import status as status_command
from ingest_service.loader.status import KEPT_TENANTS, LoaderStatus, SlotStatus, tenants_of
from ingest_service.loader.tallies import Tallies
from ingest_service.picture import NoCollectorError, take_picture
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.writer import Spool, make_frame
from ingest_service.status_view import duration, page, size


def status_of(**fields: object) -> LoaderStatus:
    """A loader that runs and has loaded ten events."""
    given: dict[str, object] = {
        "pid": 4711,
        "started_at": time.time() - 7200,
        "updated_at": time.time(),
        "slots": {"local-0": SlotStatus(1, 32, 0, 0.0)},
        "totals": {"accepted": 10, "inserted": 8, "deduplicated": 2, "batches": 1},
        "clickhouse_error": None,
        "clickhouse_down_since": None,
        "quarantined": [],
        "alarms": [],
        "last_batch": "local-0:1:32-32",
        "last_batch_at": time.time() - 3,
        "tenants": {"acme": {"accepted": 10, "inserted": 8, "deduplicated": 2}},
    }
    return LoaderStatus(**given | fields)  # type: ignore[arg-type]


class World:
    """A data directory, and the page of it."""

    def __init__(self, data_dir: Path) -> None:
        self.settings = Settings(data_dir=data_dir)
        self.settings.loader_dir.mkdir(parents=True)

    def report(self, status: LoaderStatus) -> None:
        (self.settings.loader_dir / "status.json").write_bytes(msgspec.json.encode(status))

    def text(self, status: LoaderStatus | None = None, width: int = 80) -> str:
        if status:
            self.report(status)
        out = StringIO()
        Console(file=out, width=width, highlight=False).print(page(take_picture(self.settings)))
        return out.getvalue()

    def problems(self, status: LoaderStatus | None = None) -> list[str]:
        if status:
            self.report(status)
        return [str(problem) for problem in take_picture(self.settings).problems]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_loader_that_is_well_has_no_problems(world: World) -> None:
    text = world.text(status_of())
    assert "no problems" in text
    assert "10 accepted = 8 inserted + 2 deduplicated + 0 rejected + 0 dropped" in text
    assert "balances" in text


def test_the_page_fits_80_columns_whatever_is_in_it(world: World) -> None:
    tallies = Tallies()
    for letter in "abcdefghijklmnopqrst":
        tallies.warn(f"invalid:/items/*/some_field_{letter}", 123_456_789)
    huge = {name: 123_456_789_012 for name in ("accepted", "inserted", "deduplicated", "rejected", "dropped")}
    totals = huge | {f"rejected:a_rather_long_reason_{n}": 10**9 for n in "abcdef"} | {"dropped:consent": 10**9}
    tenants = {f"a-tenant-with-a-very-long-name-{n}": huge | {"accepted": 4 * huge["accepted"]} for n in range(30)}
    text = world.text(status_of(totals=totals, tallies=tallies, tenants=tenants, tenants_left_out=1234))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" in text  # names are cut, not numbers
    assert "123,456,789,012 accepted" in text
    assert text.count("invalid:/items/*/some_field_") == 10
    assert "1,234,567,890  10 others" in text
    assert text.count("123.5 G") == 4 * 10


def test_reasons_and_warnings_are_listed_most_first(world: World) -> None:
    tallies = Tallies()
    tallies.warn("unknown_field", 3)
    tallies.warn("invalid:/time", 7)
    totals = {
        "rejected:id_collision": 1,
        "rejected:missing_name": 5,
        "dropped:gpc": 4,
        "rejected": 6,
        "dropped": 4,
        "accepted": 10,
    }
    text = world.text(status_of(totals=totals, tallies=tallies))
    words = text.split()
    assert words[words.index("rejected", words.index("balances")) :][:5] == ["rejected", "5", "missing_name", "1", "id_collision"]
    assert words[words.index("dropped", words.index("id_collision")) :][:3] == ["dropped", "4", "gpc"]
    assert words[words.index("warnings") :][:5] == ["warnings", "7", "invalid:/time", "3", "unknown_field"]


def test_a_tenant_out_of_balance_is_named_with_how_much(world: World) -> None:
    tenants = {f"tenant-{n}": {"accepted": 10, "inserted": 10} for n in range(20)} | {"globex": {"accepted": 5, "inserted": 2}}
    found = status_of(tenants=tenants, totals={"accepted": 205, "inserted": 202, "unbalanced": 1})
    text = world.text(found)
    assert "3 events do not balance" in text
    assert next(line.split() for line in text.splitlines() if "globex" in line) == ["globex", "5", "2", "0", "0", "0", "3"]
    assert any("1 ledger rows do not balance (globex)" in problem for problem in world.problems())


@pytest.mark.parametrize(
    ("status", "what", "remedy"),
    [
        ({"updated_at": time.time() - 60}, "has not reported for", "see its log"),
        ({"clickhouse_error": "refused"}, "ClickHouse does not take inserts: refused", "wait in the spool"),
        ({"quarantined": ["/spool/quarantine/x.seg"]}, "/spool/quarantine/x.seg", "keep it"),
        ({"alarms": ["2026 batch is gone"]}, "batch is gone", "operate-the-collector.md"),
    ],
)
def test_every_problem_comes_with_its_remedy(world: World, status: dict[str, object], what: str, remedy: str) -> None:
    (problem,) = world.problems(status_of(**status))
    assert what in problem
    assert remedy in problem.removeprefix(what)


def test_a_loader_that_dies_again_and_again_shows_also_before_it_ever_reported(world: World) -> None:
    (world.settings.spool_dir / "local-0").mkdir(parents=True)
    lock = StackLock(world.settings.data_dir)
    lock.acquire()
    lock.publish({}, {}, {"loader": {"count": 7, "how": "exit code 1", "log": "/logs/loader.log"}})
    problems = world.problems()
    assert problems[0] == "the loader died 7 times since `gxy up`, last: exit code 1: read /logs/loader.log"
    assert "no loader ever ran here" in problems[1]
    assert not any("died" in problem for problem in world.problems(status_of())), "it has run for two hours since"
    (world.settings.loader_dir / "status.json").unlink()
    lock.release()
    assert len(world.problems()) == 1


def test_what_waits_too_long_is_a_problem(world: World) -> None:
    spool = Spool(world.settings.spool_dir / "local-0", segment_bytes=1 << 16)
    spool.append([make_frame(SpoolRecord(time.time_ns() - 300 * 10**9, "acme", "native", "", {}, b"{}"))])
    spool.close()
    assert "waits: 37 B for 5.0 min" in world.text(status_of())
    assert any("events have been waiting for 300 s" in problem for problem in world.problems())


def test_json_has_the_loaders_fields_on_top_and_the_rest_beside_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.report(status_of(clickhouse_error="refused"))
    monkeypatch.setenv("GXY_DATA_DIR", str(world.settings.data_dir))
    shown = json.loads(CliRunner().invoke(status_command, ["--json"], catch_exceptions=False).stdout)
    assert (shown["totals"]["accepted"], shown["lag_bytes"], shown["tenants"]["acme"]["inserted"]) == (10, 0, 8)
    assert shown["spool"]["slots"] == []
    assert [problem.startswith("ClickHouse does not take inserts") for problem in shown["problems"]] == [True]


def test_where_nothing_was_ever_collected_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoCollectorError, match="gxy up"):
        take_picture(Settings(data_dir=tmp_path))


def test_a_name_with_markup_is_shown_as_it_is(world: World) -> None:
    assert "[red]x" in world.text(status_of(tenants={"[red]x": {"accepted": 1, "inserted": 1}}))


def test_of_many_tenants_the_busiest_are_kept_and_every_one_out_of_balance() -> None:
    totals = {f"tenant:t{n}:{outcome}": n for n in range(1000) for outcome in ("accepted", "inserted")}
    totals["tenant:t3:inserted"] = 2
    kept, left_out = tenants_of(totals)  # type: ignore[arg-type]
    assert next(iter(kept)) == "t999"
    assert kept["t3"] == {"accepted": 3, "inserted": 2}
    assert (len(kept), left_out) == (KEPT_TENANTS + 1, 1000 - KEPT_TENANTS - 1)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0 s"), (59.94, "59.9 s"), (90, "1.5 min"), (7200, "2.0 h"), (172_800, "2.0 d")]
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 31, "2.0 GiB")])
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert size(count) == text
