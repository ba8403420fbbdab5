"""The segment format: whatever happens to the bytes, a reader sees whole records from the front and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_service.spool.reader import SegmentEnd, read_records
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.segment import (
    FOOTER_BYTES,
    HEADER_BYTES,
    BadSegmentError,
    Footer,
    frame_end,
    is_unwritten,
    pack_footer,
    pack_frame,
)
from ingest_service.spool.segment_file import SegmentFile, recover_segment
from ingest_service.spool.writer import make_frame

records = st.builds(
    SpoolRecord,
    received_ns=st.integers(1, 2**62),
    tenant_id=st.text(max_size=20),
    protocol=st.sampled_from(["native", "segment"]),
    ip_truncated=st.just("10.0.0.0"),
    headers=st.dictionaries(st.text(max_size=10), st.text(max_size=30), max_size=3),
    body=st.binary(max_size=3000),
    flags=st.integers(0, 3),
)


def write_segment(directory: Path, contents: list[SpoolRecord], *, sealed: bool) -> Path:
    segment = SegmentFile.create(directory, 1, 1 << 20)
    if contents:
        segment.append([make_frame(record) for record in contents])
    if sealed:
        segment.seal()
    else:
        segment.close()
    return segment.path


def read(path: Path) -> tuple[list[SpoolRecord], SegmentEnd | None]:
    reader = read_records(path)
    return [record for _, _, record in reader], reader.end


@settings(max_examples=60, deadline=None)
@given(contents=st.lists(records, max_size=8), sealed=st.booleans())
def test_any_records_come_back_as_they_were_written(contents: list[SpoolRecord], sealed: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = write_segment(Path(directory), contents, sealed=sealed)
        assert read(path) == (contents, SegmentEnd.SEALED if sealed else SegmentEnd.LIVE)


@settings(max_examples=80, deadline=None)
@given(contents=st.lists(records, min_size=1, max_size=6), sealed=st.booleans(), data=st.data())
def test_any_truncation_leaves_a_prefix_of_whole_records_which_recovery_seals(
    contents: list[SpoolRecord], sealed: bool, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = write_segment(Path(directory), contents, sealed=sealed)
        used = HEADER_BYTES + sum(len(make_frame(record)[1]) for record in contents)
        whole = path.read_bytes()
        cut = data.draw(st.integers(HEADER_BYTES, min(len(whole), used + FOOTER_BYTES)))
        path.write_bytes(whole[:cut])

        survived, end = read(path)
        assert survived == contents[: len(survived)]
        assert (len(survived) == len(contents)) == (cut >= used)
        assert end is not SegmentEnd.CORRUPT

        recover_segment(path)
        assert read(path) == (survived, SegmentEnd.SEALED)


@settings(max_examples=120, deadline=None)
@given(contents=st.lists(records, min_size=1, max_size=6), sealed=st.booleans(), data=st.data())
def test_any_flipped_bit_costs_records_but_never_makes_a_wrong_one(
    contents: list[SpoolRecord], sealed: bool, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = write_segment(Path(directory), contents, sealed=sealed)
        frames = [len(make_frame(record)[1]) for record in contents]
        content = bytearray(path.read_bytes())
        position = data.draw(st.integers(HEADER_BYTES, HEADER_BYTES + sum(frames) - 1))
        content[position] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)

        before = [number for number in range(len(frames)) if HEADER_BYTES + sum(frames[: number + 1]) <= position]
        survived, end = read(path)
        assert survived == contents[: len(before)]
        assert end is (SegmentEnd.CORRUPT if sealed else SegmentEnd.TORN)


def test_a_damaged_header_is_refused_by_name(tmp_path: Path) -> None:
    path = write_segment(tmp_path, [], sealed=True)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(BadSegmentError, match="move the file"):
        read(path)


def test_a_body_that_imitates_a_footer_does_not_seal_its_segment(tmp_path: Path) -> None:
    """The forger knows the format and where its body will lie, yet not the segment's nonce."""

    def forge(data_end: int) -> bytes:
        return pack_footer(Footer(b"guessed!", 1, 1, 1, data_end, 0))

    probe = write_segment(tmp_path, [SpoolRecord(1, "acme", "native", "", {}, forge(0))], sealed=False)
    place = probe.read_bytes().index(forge(0))
    probe.unlink()
    path = write_segment(tmp_path, [SpoolRecord(1, "acme", "native", "", {}, forge(place))], sealed=False)
    path.write_bytes(path.read_bytes()[: place + FOOTER_BYTES])
    reader = read_records(path)
    list(reader)
    assert reader.footer is None


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    contents = [SpoolRecord(n, "acme", "native", "", {}, bytes(n)) for n in range(1, 6)]
    path = write_segment(tmp_path, contents, sealed=True)
    positions = [(offset, following) for offset, following, _ in read_records(path)]
    assert [offset for offset, _ in positions[1:]] == [following for _, following in positions[:-1]]
    assert [record for _, _, record in read_records(path, positions[3][0])] == contents[3:]


def test_a_record_longer_than_the_window_is_read_whole(tmp_path: Path) -> None:
    segment = SegmentFile.create(tmp_path, 1, 8 << 20)
    contents = [SpoolRecord(n, "acme", "native", "", {}, bytes([n]) * size) for n, size in enumerate((10, 3 << 20, 10), 1)]
    segment.append([make_frame(record) for record in contents])
    segment.seal()
    assert read(segment.path) == (contents, SegmentEnd.SEALED)


def test_the_footer_counts_what_is_there(tmp_path: Path) -> None:
    contents = [SpoolRecord(n, "acme", "native", "", {}, b"x") for n in (5, 7, 9)]
    path = write_segment(tmp_path, contents, sealed=True)
    written = read_records(path)
    list(written)
    assert written.footer is not None
    assert (written.footer.records, written.footer.first_ns, written.footer.last_ns) == (3, 5, 9)
    path.write_bytes(path.read_bytes()[:-FOOTER_BYTES])
    recover_segment(path)
    recovered = read_records(path)
    list(recovered)
    assert recovered.footer == written.footer


def test_no_frame_looks_like_preallocated_zeros() -> None:
    empty = pack_frame(b"")
    assert not is_unwritten(empty, 0)
    assert frame_end(empty, 0) == len(empty)
    assert frame_end(bytes(64), 0) == 0
