"""How many events a batch of the loader takes, whatever the protocol: its memory is bounded by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest_service.loader.cut import EVENTS_NOTE, MAX_EVENTS, cut, events_in
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.segment import list_segments
from ingest_service.spool.writer import Spool, make_frame


def record(body: bytes, flags: RecordFlags = RecordFlags.NONE, **headers: str) -> SpoolRecord:
    return SpoolRecord(
        1, "t", "segment", "", {name.replace("_", "-"): value for name, value in headers.items()}, body, int(flags)
    )


def test_a_batch_ends_at_its_limit_of_events_also_where_nothing_in_a_body_tells_their_number(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    body = b'{"batch":[' + b",".join([b"1"] * 2500) + b"]}"
    spool.append([make_frame(record(body, gxy_events="2500")) for _ in range(20)])
    spool.close()
    (path,) = list_segments(tmp_path)
    found = cut(path, "s", 0)
    assert len(found.records) == MAX_EVENTS // 2500


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (record(b'{"type":"page"}'), 1),
        (record(b'{"events":[{"event_id":"1"},{"event_id":"2"}]}'), 2),
        (record(b"{}", gxy_events="7"), 7),
        (record(b"{}", RecordFlags.REPLAYED, gxy_events="7"), 1),
    ],
)
def test_the_number_of_a_record_is_the_doors_or_counted_and_a_replayed_letter_is_one(given: SpoolRecord, number: int) -> None:
    assert EVENTS_NOTE == "gxy-events"
    assert events_in(given) == number
