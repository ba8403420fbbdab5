"""The zeroed file made ahead of a segment: used when it is there, gone when it is not wanted, never waited for without need."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest_service.spool import spare as spare_module
from ingest_service.spool import writer
from ingest_service.spool.reader import SegmentEnd, read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.segment import list_segments
from ingest_service.spool.spare import SpareFile, create_zeroed
from ingest_service.spool.writer import Spool, SpoolUnavailableError, make_frame

SEGMENT = 8 << 10


def record(number: int) -> SpoolRecord:
    return SpoolRecord(number, "acme", "native", "10.0.0.0", {}, bytes([number]) * 1000)


def test_a_zeroed_file_has_real_blocks_of_zeros(tmp_path: Path) -> None:
    create_zeroed(tmp_path / "file", 3 << 20)
    assert (tmp_path / "file").read_bytes() == bytes(3 << 20)


def test_a_segment_begins_in_the_file_made_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    spool.append([make_frame(record(number)) for number in range(1, 6)])  # over half of it: the spare is begun
    monkeypatch.setattr(
        "ingest_service.spool.segment_file.create_zeroed", lambda *_: pytest.fail("made a file although a spare was there")
    )
    spool.append([make_frame(record(number)) for number in range(6, 10)])
    spool.close()
    read = [r.received_ns for path in list_segments(spool.directory) for _, _, r in read_records(path)]
    assert read == list(range(1, 10))
    assert not list(spool.directory.glob("*.new"))


def test_a_disk_without_room_makes_no_spare_and_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spare_module.os, "posix_fallocate", no_room)
    spare = SpareFile(tmp_path / "spare.new", SEGMENT)
    spare.prepare()
    assert spare.take(SEGMENT) == -1
    assert not spare.path.exists()


def test_a_discarded_spare_leaves_no_file(tmp_path: Path) -> None:
    spare = SpareFile(tmp_path / "spare.new", 64 << 20)
    spare.prepare()
    spare.discard()
    assert not spare.path.exists()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set, the file made ahead is not finished."""
    opened = threading.Event()

    def slowly(path: Path, capacity: int, stop: threading.Event | None = None) -> int:
        assert opened.wait(30)
        return create_zeroed(path, capacity, stop)

    monkeypatch.setattr(spare_module, "create_zeroed", slowly)
    yield opened
    opened.set()


def append(spool: Spool, *numbers: int) -> None:
    for number in numbers:
        spool.append([make_frame(record(number))])


def read(spool: Spool) -> tuple[list[list[int]], list[SegmentEnd | None]]:
    """Numbers of the records by segment, and how each segment ends."""
    readers = [read_records(path) for path in list_segments(spool.directory)]
    return [[found.received_ns for _, _, found in reader] for reader in readers], [reader.end for reader in readers]


def test_a_full_segment_grows_while_the_next_file_is_being_made_and_ends_when_it_is_there(
    tmp_path: Path, gate: threading.Event
) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    append(spool, *range(1, 11))  # 10 kB: nobody waits
    assert read(spool) == ([list(range(1, 11))], [SegmentEnd.LIVE])
    gate.set()
    while spool._spare.is_filling:
        pass
    append(spool, 11)
    assert read(spool) == ([list(range(1, 11)), [11]], [SegmentEnd.SEALED, SegmentEnd.LIVE])
    spool.close()


def test_a_segment_does_not_grow_beyond_twice_its_size(tmp_path: Path, gate: threading.Event) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    waiting = threading.Thread(target=append, args=(spool, *range(1, 21)))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    first = list_segments(spool.directory)[0]
    assert SEGMENT < first.stat().st_size <= 2 * SEGMENT
    gate.set()
    waiting.join(30)
    numbers, ends = read(spool)
    assert ([number for segment in numbers for number in segment], ends[0]) == (list(range(1, 21)), SegmentEnd.SEALED)
    assert first.stat().st_size <= 2 * SEGMENT
    spool.close()


def test_what_lies_beyond_the_zeros_of_a_segment_survives_a_kill(tmp_path: Path, gate: threading.Event) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    append(spool, *range(1, 11))
    assert spool._segment is not None
    with list_segments(spool.directory)[0].open("r+b") as file:  # a record that nobody was answered for, half written
        file.seek(spool._segment.end)
        file.write(make_frame(record(11))[1][:300])
    gate.set()
    spool._spare.discard()  # its thread dies with the process
    os.close(spool._lock)

    successor = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    assert read(successor) == ([list(range(1, 11)), []], [SegmentEnd.SEALED, SegmentEnd.LIVE])
    successor.close()


def test_a_disk_without_room_to_grow_refuses_and_keeps_what_was_answered(
    tmp_path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.0)
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    append(spool, *range(1, 10))
    with monkeypatch.context() as patch:
        patch.setattr("ingest_service.spool.segment_file.os.pwrite", no_room)
        with pytest.raises(SpoolUnavailableError, match="No space left"):
            append(spool, 10)
    gate.set()
    append(spool, 11)
    assert read(spool) == ([list(range(1, 10)), [11]], [SegmentEnd.SEALED, SegmentEnd.LIVE])
    spool.close()
