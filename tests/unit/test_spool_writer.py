"""The writer: rotation, recovery after a crash, and a disk that fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from ingest_service.spool import segment_file, writer
from ingest_service.spool.reader import SegmentEnd, read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.segment import HEADER_BYTES, list_segments
from ingest_service.spool.segment_file import Frame
from ingest_service.spool.writer import SlotTakenError, Spool, SpoolUnavailableError, make_frame, recover_spool, take_slot

SEGMENT = 64 << 10


def frame(number: int, size: int = 100) -> Frame:
    return make_frame(SpoolRecord(number, "acme", "native", "", {}, bytes([number % 256]) * size))


def numbers(directory: Path) -> list[int]:
    return [record.received_ns for path in list_segments(directory) for _, _, record in read_records(path)]


def ends(directory: Path) -> list[SegmentEnd | None]:
    found = []
    for path in list_segments(directory):
        reader = read_records(path)
        list(reader)
        found.append(reader.end)
    return found


def crash(spool: Spool) -> None:
    """Give the lock up as a killed process does: nothing is sealed."""
    os.close(spool._lock)


def failing(code: int) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    return fail


def test_a_full_segment_is_sealed_and_the_next_one_goes_on(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    for start in range(0, 100, 10):
        spool.append([frame(number, 5_000) for number in range(start, start + 10)])
    assert numbers(spool.directory) == list(range(100))
    *sealed, live = ends(spool.directory)
    assert len(sealed) >= 3  # each at most twice its size: see test_spool_spare
    assert set(sealed) == {SegmentEnd.SEALED}
    assert live is SegmentEnd.LIVE


def test_a_record_larger_than_a_segment_gets_one_that_holds_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    spool.append([frame(1), frame(2, SEGMENT * 3), frame(3)])
    spool.close()
    assert numbers(spool.directory) == [1, 2, 3]


def test_a_segment_is_preallocated_and_gives_the_rest_back_when_sealed(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=1 << 20)
    (path,) = list_segments(spool.directory)
    assert path.stat().st_blocks * 512 >= 1 << 20
    spool.append([frame(1)])
    spool.close()
    assert path.stat().st_size < 1000


def test_after_a_crash_the_next_owner_cuts_the_torn_tail_seals_and_opens_a_new_segment(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    spool.append([frame(1), frame(2)])
    (path,) = list_segments(spool.directory)
    with path.open("r+b") as file:  # half a record that nobody was answered for
        file.seek(spool._segment.end if spool._segment else 0)
        file.write(frame(3)[1][:50])
    crash(spool)

    successor = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    successor.append([frame(4)])
    assert numbers(successor.directory) == [1, 2, 4]
    assert ends(successor.directory) == [SegmentEnd.SEALED, SegmentEnd.LIVE]


def test_a_reader_of_a_live_segment_sees_only_what_was_synced(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    spool.append([frame(1)])
    (path,) = list_segments(spool.directory)
    assert spool._segment is not None
    with path.open("r+b") as file:  # written, its fdatasync not yet returned
        file.seek(spool._segment.end)
        file.write(frame(2)[1])
    assert (numbers(spool.directory), ends(spool.directory)) == ([1], [SegmentEnd.LIVE])
    crash(spool)
    recover_spool(tmp_path)
    assert (numbers(spool.directory), ends(spool.directory)) == ([1, 2], [SegmentEnd.SEALED])


def test_a_segment_number_is_never_used_twice_even_when_the_loader_deleted_them_all(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    spool.append([frame(1)])
    spool.close()
    for path in list_segments(spool.directory):
        path.unlink()
    successor = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    assert [path.stem for path in list_segments(successor.directory)] == ["00000002"]


def test_workers_take_different_slots_and_a_dead_ones_slot_is_free_again(tmp_path: Path) -> None:
    first, second = take_slot(tmp_path, "local"), take_slot(tmp_path, "local")
    assert (first.name, second.name) == ("local-0", "local-1")
    with pytest.raises(SlotTakenError):
        Spool(tmp_path / "local-0")
    crash(first)
    assert take_slot(tmp_path, "local").name == "local-0"


def test_a_failed_fsync_is_never_retried_on_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    spool.append([frame(1)])
    synced: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(segment_file.os, "fdatasync", failing(errno.EIO))
        with pytest.raises(SpoolUnavailableError, match="Input/output error"):
            spool.append([frame(2)])
    assert not spool.is_writable

    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.0)
    spool._retry_at = 0.0
    real = os.fdatasync
    monkeypatch.setattr(segment_file.os, "fdatasync", lambda fd: (synced.append(os.fstat(fd).st_ino), real(fd))[1])
    spool.append([frame(3)])
    first, second = list_segments(spool.directory)
    assert set(synced) == {second.stat().st_ino}
    assert (numbers(spool.directory), ends(spool.directory)) == ([1, 3], [SegmentEnd.SEALED, SegmentEnd.LIVE])
    assert first.stat().st_size < SEGMENT


def test_a_failing_disk_is_asked_once_in_a_while_and_not_for_every_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    monkeypatch.setattr(segment_file.os, "fdatasync", failing(errno.EIO))
    with pytest.raises(SpoolUnavailableError):
        spool.append([frame(1)])
    with pytest.raises(SpoolUnavailableError, match="a moment ago"):
        spool.append([frame(2)])


def test_a_full_disk_refuses_and_recovers_when_there_is_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.0)
    spool.append([frame(1)])
    with monkeypatch.context() as patch:
        patch.setattr(segment_file.os, "posix_fallocate", failing(errno.ENOSPC))
        with pytest.raises(SpoolUnavailableError, match="No space left"):
            spool.append([frame(number, SEGMENT // 4) for number in range(2, 14)])
    assert not list(spool.directory.glob("*.new"))
    spool.append([frame(9)])
    spool.close()
    assert numbers(spool.directory)[0] == 1
    assert numbers(spool.directory)[-1] == 9
    assert set(ends(spool.directory)) == {SegmentEnd.SEALED}


def test_a_damaged_header_does_not_keep_a_worker_from_starting(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    (path,) = list_segments(spool.directory)
    crash(spool)
    path.write_bytes(b"?" * HEADER_BYTES)
    successor = Spool(tmp_path / "local-0", segment_bytes=SEGMENT)
    successor.append([frame(1)])
    assert path.read_bytes() == b"?" * HEADER_BYTES
