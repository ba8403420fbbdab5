"""What of a slot survives a power cut and a bad sector: its directory, and every record that was answered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingest_service.loader.salvage import resume_after
from ingest_service.loader.state import LoaderState
from ingest_service.spool.reader import SegmentEnd, read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.segment import segment_path
from ingest_service.spool.writer import Spool, make_frame, recover_slot


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Every path that goes through fsync from now on."""
    found: set[Path] = set()
    fsync = os.fsync

    def note(fd: int) -> None:
        found.add(Path(f"/proc/self/fd/{fd}").readlink())
        fsync(fd)

    monkeypatch.setattr(os, "fsync", note)
    return found


def test_the_entry_of_a_new_slot_and_of_its_parents_is_durable_before_it_takes_a_record(
    tmp_path: Path, synced: set[Path]
) -> None:
    Spool(tmp_path / "data" / "spool" / "local-0", segment_bytes=1 << 16).close()
    assert {tmp_path, tmp_path / "data", tmp_path / "data" / "spool"} <= synced


def test_the_entries_of_the_loaders_state_are_durable_before_its_first_commit(tmp_path: Path, synced: set[Path]) -> None:
    with LoaderState(tmp_path / "loader"):
        assert {tmp_path, tmp_path / "loader", tmp_path / "loader" / "state"} <= synced


def test_recovery_never_cuts_a_durable_record_behind_a_damaged_one(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "local-0", segment_bytes=1 << 16)
    for number in (1, 2, 3):
        spool.append([make_frame(SpoolRecord(number, "acme", "native", "", {}, b"body"))])
    os.close(spool._lock)  # as a killed process does
    path = segment_path(spool.directory, 1)
    first, second, third = [at for at, _, _ in read_records(path)]
    with path.open("r+b") as file:
        file.seek(second + 12)
        file.write(b"\xff\xff")
    assert recover_slot(spool.directory) == 0
    reader = read_records(path)
    assert [at for at, _, _ in reader] == [first]
    assert reader.end is SegmentEnd.CORRUPT
    assert resume_after(path, second) == third
    assert [record.received_ns for _, _, record in read_records(path, third)] == [3]
