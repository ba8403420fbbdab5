"""The clock-skew rule of one event, and the same rule over a whole draft."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_service.loader.clock import (
    EARLIEST_MS,
    FUTURE_MS,
    HISTORICAL_MS,
    NETWORK_MS,
    applicable_skew,
    judge,
    request_skew,
)
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.event import Event
from ingest_service.loader.timing import place
from ingest_service.loader.values import parse_instant

quick = settings(deadline=None, max_examples=60)
RECEIVED = 1_780_000_000_000
HOUR = 3_600_000
instants = st.integers(EARLIEST_MS - HOUR, RECEIVED + 10 * HISTORICAL_MS)


def draft_of(times: list[int | str | None], sent: int | None = None, received: int = RECEIVED, visitor: str = "v") -> Draft:
    request = Request("acme", "native", received, 0, sent_ms=sent, skew_ms=request_skew(sent, received))
    events = [Event(event_id=str(n), name="x", time=time, anonymous_id=visitor) for n, time in enumerate(times)]
    return Draft([request], events, [0] * len(events), list(range(len(events))))


@quick
@given(created=instants, sent=st.none() | instants)
def test_every_event_is_placed_between_the_year_2000_and_five_minutes_after_its_receipt(created: int, sent: int | None) -> None:
    timing = judge(created, RECEIVED, applicable_skew(request_skew(sent, RECEIVED), created, sent))
    assert EARLIEST_MS <= timing.event_ms <= RECEIVED + FUTURE_MS
    assert timing.is_historical == (RECEIVED - timing.event_ms > HISTORICAL_MS)
    if timing.source in ("client", "client_adjusted"):
        assert timing.event_ms == created + timing.skew_ms
    else:
        assert timing.warning


@quick
@given(delay=st.integers(-NETWORK_MS, NETWORK_MS), age=st.integers(0, HISTORICAL_MS))
def test_up_to_a_minute_between_sent_and_received_is_transit_and_changes_nothing(delay: int, age: int) -> None:
    sent = RECEIVED - delay
    created = sent - age
    timing = judge(created, RECEIVED, applicable_skew(request_skew(sent, RECEIVED), created, sent))
    assert (timing.event_ms, timing.skew_ms, timing.source) == (created, 0, "client")


@quick
@given(offset=st.integers(NETWORK_MS + 1, HISTORICAL_MS), age=st.integers(0, HOUR), sign=st.sampled_from([-1, 1]))
def test_a_clock_that_is_off_by_more_is_corrected_by_its_offset(offset: int, age: int, sign: int) -> None:
    sent = RECEIVED - sign * offset
    created = sent - age
    timing = judge(created, RECEIVED, applicable_skew(request_skew(sent, RECEIVED), created, sent))
    assert (timing.event_ms, timing.source) == (RECEIVED - age, "client_adjusted")


def test_a_sent_before_created_says_nothing() -> None:
    assert applicable_skew(HOUR, created_ms=RECEIVED, sent_ms=RECEIVED - HOUR) == 0


def test_a_time_beyond_doubt_wins_and_a_missing_one_is_the_receipt() -> None:
    assert judge(RECEIVED, RECEIVED, HOUR, true_ms=RECEIVED - 5)[:2] == (RECEIVED - 5, "true")
    assert judge(None, RECEIVED)[:2] == (RECEIVED, "received")


@quick
@given(delays=st.lists(st.integers(0, HOUR), min_size=1, max_size=8), offset=st.integers(2 * NETWORK_MS, 9 * HOUR))
def test_the_smallest_skew_of_a_visitor_corrects_its_later_events_whatever_their_delay(delays: list[int], offset: int) -> None:
    known: dict[bytes, int] = {}
    for delay in delays:
        timed = place(draft_of([RECEIVED - offset - 10], sent=RECEIVED - offset, received=RECEIVED + delay), known.get)
        known |= timed.skews
        assert timed.skew_ms == [min(known.values())]
    assert list(known.values()) == [offset + min(delays)]


@quick
@given(times=st.lists(st.none() | st.integers(EARLIEST_MS, RECEIVED + HOUR), max_size=10))
def test_a_column_of_times_is_judged_as_its_events_one_by_one(times: list[int | None]) -> None:
    def text(instant: int | None) -> str | None:
        return None if instant is None else iso(instant) + "Z"

    timed = place(draft_of([text(instant) for instant in times]), lambda _: None)
    assert timed.event_ms == [judge(instant, RECEIVED).event_ms for instant in times]
    assert timed.sources == [judge(instant, RECEIVED).source for instant in times]
    assert timed.created_ms == times


def iso(instant: int) -> str:
    return datetime.fromtimestamp(instant // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}"


@quick
@given(st.datetimes(timezones=st.timezones()).map(lambda one: one.isoformat()) | st.integers() | st.floats() | st.text())
def test_parsing_an_instant_never_fails(value: object) -> None:
    found = parse_instant(value)
    assert found is None or isinstance(found, int)
