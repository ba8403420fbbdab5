"""Group commit: requests that wait together share one fdatasync, and none is answered before it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from ingest_service.spool import segment_file
from ingest_service.spool.group_commit import GroupCommit
from ingest_service.spool.reader import read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.segment import list_segments
from ingest_service.spool.segment_file import Frame
from ingest_service.spool.writer import Spool, SpoolUnavailableError, make_frame


def frame(number: int) -> Frame:
    return make_frame(SpoolRecord(number, "acme", "native", "", {}, b"x"))


def test_requests_that_wait_share_one_sync_and_come_back_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = segment_file.os.fdatasync
    monkeypatch.setattr(segment_file.os, "fdatasync", lambda fd: (gate.wait(10), real(fd))[1])
    groups: list[int] = []

    async def scenario() -> None:
        commits = GroupCommit(Spool(tmp_path / "local-0", segment_bytes=1 << 20), lambda frames, *_: groups.append(frames))
        first = commits.append(frame(1))
        await asyncio.sleep(0.05)
        rest = [commits.append(frame(number)) for number in range(2, 30)]
        await asyncio.sleep(0.05)
        assert not first.done()
        assert not any(waiter.done() for waiter in rest)
        gate.set()
        await asyncio.gather(first, *rest)
        await commits.close()

    asyncio.run(scenario())
    assert groups == [1, 28]
    (path,) = list_segments(tmp_path / "local-0")
    assert [record.received_ns for _, _, record in read_records(path)] == list(range(1, 30))


def test_a_client_that_went_away_does_not_hurt_the_others_of_its_group(tmp_path: Path) -> None:
    async def scenario() -> None:
        commits = GroupCommit(Spool(tmp_path / "local-0", segment_bytes=1 << 20), lambda *_: None)
        gone, stays = commits.append(frame(1)), commits.append(frame(2))
        gone.cancel()
        await stays
        await commits.close()

    asyncio.run(scenario())


def test_closing_commits_what_waits_and_refuses_what_comes_later(tmp_path: Path) -> None:
    async def scenario() -> None:
        commits = GroupCommit(Spool(tmp_path / "local-0", segment_bytes=1 << 20), lambda *_: None)
        waiting = commits.append(frame(1))
        await commits.close()
        assert waiting.done()
        with pytest.raises(SpoolUnavailableError, match="stopping"):
            await commits.append(frame(2))
        assert not await commits.is_writable()

    asyncio.run(scenario())


def test_readiness_asks_a_failed_disk_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    async def scenario() -> None:
        spool = Spool(tmp_path / "local-0", segment_bytes=1 << 20)
        commits = GroupCommit(spool, lambda *_: None)
        with monkeypatch.context() as patch:
            patch.setattr(segment_file.os, "fdatasync", fail)
            with pytest.raises(SpoolUnavailableError):
                await commits.append(frame(1))
        assert not await commits.is_writable()
        spool._retry_at = 0.0
        assert await commits.is_writable()
        await commits.append(frame(2))
        await commits.close()

    asyncio.run(scenario())
