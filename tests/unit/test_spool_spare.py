"""The zeroed file made ahead of a segment: used when it is there, gone when it is not wanted, never in the way."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from ingest_service.spool import spare as spare_module
from ingest_service.spool.reader import read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.segment import list_segments
from ingest_service.spool.spare import SpareFile, create_zeroed
from ingest_service.spool.writer import Spool, make_frame

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
