"""Watermarks: nobody is refused while there is room, those who take more than their share first, everybody at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gxy_analytics.settings import Settings
from ingest_service import backpressure
from ingest_service.answers import RefusalError
from ingest_service.backpressure import FairShare, SpoolFill, Watermarks, bytes_below

KIB = 1024


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def marks(fill: float, **sent: int) -> Watermarks:
    watermarks = Watermarks(lambda: fill, Clock(), chance=lambda: 0.5)
    watermarks.fill = fill
    for tenant, size in sent.items():
        watermarks.shares.add(tenant, size)
    return watermarks


def refused(watermarks: Watermarks, *tenants: str) -> dict[str, tuple[int, str]]:
    found = {}
    for tenant in tenants:
        try:
            watermarks.check(tenant)
        except RefusalError as error:
            assert error.retry_after is not None
            assert 5 <= error.retry_after <= 60
            found[tenant] = error.status, error.refusal.code
    return found


def test_below_the_low_mark_everybody_may_send() -> None:
    assert refused(marks(0.69, loud=10**9, quiet=1), "loud", "quiet", "new") == {}


def test_between_the_marks_only_those_over_their_fair_share_are_refused() -> None:
    watermarks = marks(0.85, loud=900 * KIB, quiet=50 * KIB, calm=50 * KIB)
    assert refused(watermarks, "loud", "quiet", "calm", "new") == {"loud": (429, "over_fair_share")}


def test_the_closer_to_the_high_mark_the_less_more_than_the_share_is_let_through() -> None:
    sent = {"more": 150 * KIB, "less": 50 * KIB}  # 1.5 times the fair share
    assert refused(marks(0.71, **sent), "more") == {}
    assert refused(marks(0.89, **sent), "more", "less") == {"more": (429, "over_fair_share")}


def test_a_single_tenant_is_its_own_fair_share() -> None:
    assert refused(marks(0.89, only=10**9), "only") == {}


def test_from_the_high_mark_on_everybody_is_refused_with_503() -> None:
    assert refused(marks(0.9, quiet=1), "quiet", "new") == {name: (503, "spool_full") for name in ("quiet", "new")}


def test_who_was_loud_is_forgotten_after_some_minutes() -> None:
    clock = Clock()
    shares = FairShare(clock)
    shares.add("loud", 1000 * KIB)
    for _ in range(600):
        clock.now += 1
        shares.add("steady", KIB)
        shares.add("other", KIB)
        shares.forget()
    assert shares.times_fair("loud") == 0
    assert shares.times_fair("steady") == pytest.approx(1)


def test_bytes_halve_in_half_a_minute_also_when_nobody_forgets_in_between() -> None:
    clock = Clock()
    shares = FairShare(clock)
    shares.add("a", 64 * KIB)
    clock.now += backpressure.HALF_LIFE_SECONDS
    shares.add("b", 32 * KIB)
    assert shares.times_fair("a") == pytest.approx(1)
    shares.forget()
    assert shares.times_fair("b") == pytest.approx(1)


def test_the_fill_counts_the_files_of_all_slots_against_the_maximum(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, spool_max_bytes=1_000_000)
    assert SpoolFill(settings).measure() == 0
    for slot in ("local-0", "local-1"):
        (settings.spool_dir / slot).mkdir(parents=True)
        (settings.spool_dir / slot / "00000001.seg").write_bytes(bytes(200_000))
    assert SpoolFill(settings).measure() == pytest.approx(0.4, abs=0.03)
    assert bytes_below(settings.spool_dir) == pytest.approx(400_000, abs=20_000)


def test_without_a_maximum_the_free_disk_is_the_room(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    (settings.spool_dir / "local-0").mkdir(parents=True)
    (settings.spool_dir / "local-0" / "00000001.seg").write_bytes(bytes(200_000))
    assert 0 < SpoolFill(settings).measure() < 0.1


def test_the_fill_is_measured_again_and_again_and_a_failing_disk_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backpressure, "MEASURE_SECONDS", 0.01)
    readings = iter([0.5, OSError("I/O error"), 0.95])

    def measure() -> float:
        reading = next(readings, 0.1)
        if isinstance(reading, OSError):
            raise reading
        return reading

    async def scenario() -> None:
        watermarks = Watermarks(measure)
        watermarks.start()
        seen = set()
        while 0.1 not in seen:
            seen.add(watermarks.fill)
            await asyncio.sleep(0.001)
        watermarks.stop()
        assert {0.5, 0.95} <= seen

    asyncio.run(asyncio.wait_for(scenario(), 10))
