"""Sealing a live segment because somebody asked: with the real writer, on a busy and on an idle slot."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from ingest_service.spool import group_commit
from ingest_service.spool.group_commit import GroupCommit
from ingest_service.spool.reader import SegmentEnd, read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.rotation import ask_to_seal, asked_to_seal
from ingest_service.spool.segment import list_segments, segment_number
from ingest_service.spool.segment_file import Frame
from ingest_service.spool.writer import Spool, make_frame

SEGMENT_BYTES = 1 << 16


def frame() -> Frame:
    return make_frame(SpoolRecord(time.time_ns(), "acme", "native", "", {}, b"{}"))


def seal(spool: Spool) -> None:
    """As the commit thread does, until the next segment's file is ready."""
    while spool._number == 1:
        spool.seal_if_asked()
        time.sleep(0.01)


def test_a_segment_that_was_asked_for_is_sealed_and_the_next_one_takes_the_records(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=SEGMENT_BYTES)
    spool.append([frame()])
    ask_to_seal(tmp_path, 1)
    seal(spool)
    spool.append([frame(), frame()])
    first, second = list_segments(tmp_path)
    readers = [read_records(first), read_records(second)]
    assert [len(list(reader)) for reader in readers] == [1, 2]
    assert [reader.end for reader in readers] == [SegmentEnd.SEALED, SegmentEnd.LIVE]
    spool.close()


def test_an_answered_or_empty_question_seals_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=SEGMENT_BYTES)
    ask_to_seal(tmp_path, 1)
    spool.seal_if_asked()
    assert [segment_number(path) for path in list_segments(tmp_path)] == [1]
    spool.append([frame()])
    seal(spool)
    spool.append([frame()])
    for _ in range(3):
        spool.seal_if_asked()
        time.sleep(0.02)
    assert [segment_number(path) for path in list_segments(tmp_path)] == [1, 2]
    spool.close()


def test_a_later_question_is_not_taken_back_by_an_earlier_one(tmp_path: Path) -> None:
    assert asked_to_seal(tmp_path) == 0
    ask_to_seal(tmp_path, 7)
    ask_to_seal(tmp_path, 3)
    assert asked_to_seal(tmp_path) == 7


@pytest.mark.parametrize("is_busy", [False, True])
def test_the_commit_thread_looks_for_questions_busy_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    monkeypatch.setattr(group_commit, "LOOK_SECONDS", 0.05)

    async def scenario() -> None:
        commits = GroupCommit(Spool(tmp_path, segment_bytes=SEGMENT_BYTES), lambda *_: None)
        await commits.append(frame())
        ask_to_seal(tmp_path, 1)
        async with asyncio.timeout(10):
            while len(list_segments(tmp_path)) == 1:
                if is_busy:
                    await commits.append(frame())
                else:
                    await asyncio.sleep(0.01)
        await commits.append(frame())
        await commits.close()

    asyncio.run(scenario())
    readers = [read_records(path) for path in list_segments(tmp_path)]
    assert all(list(reader) for reader in readers)
    assert all(reader.end is SegmentEnd.SEALED for reader in readers)
