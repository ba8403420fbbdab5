"""When an event happened: the clock-skew rule of one event. Pure functions over milliseconds since the epoch (UTC).

The rule: a device's offset is constant while a network's delay is not, so `received - sent` corrects only beyond a minute, and
then with the smallest value seen for the visitor; correcting every event by its own delay would reorder a visitor's events.
Where the smallest value is kept belongs to `state`; parsing of instants belongs to `values`.
"""

from __future__ import annotations

from typing import NamedTuple

NETWORK_MS = 60_000  # up to here `received - sent` is transit, not a wrong clock
FUTURE_MS = 5 * 60_000
HISTORICAL_MS = 7 * 86_400_000
EARLIEST_MS = 946_684_800_000  # 2000-01-01: an earlier instant is a clock without battery, and would open absurd partitions

FUTURE_WARNING = "time_in_future"
TOO_EARLY_WARNING = "time_out_of_range"
NO_TIME_WARNING = "time_missing"


class Timing(NamedTuple):
    """What the rule decided. `skew_ms` was added to the client's time; `warning` is empty when nothing is odd."""

    event_ms: int
    source: str  # true, client, client_adjusted, received
    skew_ms: int
    is_historical: bool
    warning: str


def request_skew(sent_ms: int | None, received_ms: int) -> int:
    """Return `received - sent` where it says that the client's clock is wrong, 0 where it may be transit or is not known."""
    if sent_ms is None:
        return 0
    skew = received_ms - sent_ms
    return skew if abs(skew) > NETWORK_MS else 0


def applicable_skew(skew_ms: int, created_ms: int | None, sent_ms: int | None) -> int:
    """Return `skew_ms`, or 0 where `sent` lies before `created`: then the two are not of one clock and `sent` says nothing."""
    if created_ms is None or sent_ms is None or sent_ms < created_ms:
        return 0
    return skew_ms


def judge(created_ms: int | None, received_ms: int, skew_ms: int = 0, true_ms: int | None = None) -> Timing:
    """Place one event in time. `skew_ms` is the correction to apply (0 for none), `true_ms` an instant beyond doubt."""
    if true_ms is not None and EARLIEST_MS <= true_ms <= received_ms + FUTURE_MS:
        return Timing(true_ms, "true", 0, received_ms - true_ms > HISTORICAL_MS, "")
    if created_ms is None:
        return Timing(received_ms, "received", 0, False, NO_TIME_WARNING)
    event_ms = created_ms + skew_ms
    if event_ms > received_ms + FUTURE_MS:
        return Timing(received_ms, "received", 0, False, FUTURE_WARNING)
    if event_ms < EARLIEST_MS:
        return Timing(received_ms, "received", 0, False, TOO_EARLY_WARNING)
    source = "client_adjusted" if skew_ms else "client"
    return Timing(event_ms, source, skew_ms, received_ms - event_ms > HISTORICAL_MS, "")
