"""The de-duplication index: which client event ids were loaded in the last days, and with what content.

Keys are xxh3-128 of (tenant, client event id); values are xxh3-64 of the event's content. One LMDB database a day of loading,
keys prefixed with the hour, so that a batch dirties the few pages of its hour and not one page a key. Blooms in memory answer
for new ids; LMDB confirms the rest. Which events are duplicates of each other inside a batch is decided in `sift`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import lmdb
from rbloom import Bloom

WINDOW_DAYS = 8  # at least 7 whole days: browsers keep queues for days
FALSE_POSITIVES = 0.001
FIRST_BLOOM = 250_000  # entries; each further bloom of a day holds four times as many
HOURS = 24
PREFIX = b"dedup:"


class DayIndex:
    """The ids of one day: an LMDB database and the blooms over it."""

    def __init__(self, environment: lmdb.Environment, day: int, transaction: lmdb.Transaction) -> None:
        self.day = day
        self.database = environment.open_db(PREFIX + b"%d" % day, txn=transaction, create=True)
        entries = transaction.stat(self.database)["entries"]
        self._blooms = [Bloom(max(FIRST_BLOOM, entries * 2), FALSE_POSITIVES)]
        self._room = max(FIRST_BLOOM, entries * 2) - entries
        self._capacity = max(FIRST_BLOOM, entries * 2)
        if entries:
            with transaction.cursor(self.database) as cursor:
                self._blooms[0].update(bytes(key[1:]) for key in cursor.iternext(keys=True, values=False))

    def suspects(self, keys: list[bytes]) -> set[bytes]:
        """Those of `keys` that the blooms do not rule out."""
        return {key for bloom in self._blooms for key in keys if key in bloom}

    def lookup(self, key: bytes, transaction: lmdb.Transaction) -> bytes | None:
        """Fingerprint of `key`, None where it was not loaded on this day. Latest hours first: most repeats are retries."""
        for hour in range(HOURS - 1, -1, -1):
            found = transaction.get(bytes((hour,)) + key, db=self.database)
            if found is not None:
                return bytes(found)
        return None

    def put(self, hour: int, fresh: dict[bytes, bytes], transaction: lmdb.Transaction) -> None:
        """Write `fresh` (key to fingerprint) inside `transaction`."""
        prefix = bytes((hour,))
        with transaction.cursor(self.database) as cursor:
            cursor.putmulti(sorted((prefix + key, value) for key, value in fresh.items()))

    def remember(self, keys: Iterable[bytes], count: int) -> None:
        """Add committed keys to the blooms."""
        if count > self._room:
            self._capacity = max(self._capacity * 4, count)
            self._blooms.append(Bloom(self._capacity, FALSE_POSITIVES))
            self._room = self._capacity
        self._room -= count
        self._blooms[-1].update(keys)


class DedupIndex:
    """All days of the window. Nothing is visible to `lookup` before its transaction was committed and `remember` was called."""

    def __init__(self, environment: lmdb.Environment) -> None:
        self._environment = environment
        self._days: dict[int, DayIndex] = {}
        with environment.begin(write=True) as transaction:
            names = [bytes(key) for key, _ in transaction.cursor() if bytes(key).startswith(PREFIX)]
            for name in names:
                day = int(name.removeprefix(PREFIX))
                self._days[day] = DayIndex(environment, day, transaction)

    def suspects(self, keys: list[bytes]) -> set[bytes]:
        """Keys that may have been loaded."""
        return set().union(*(day.suspects(keys) for day in self._days.values()))

    def lookup(self, key: bytes, transaction: lmdb.Transaction) -> bytes | None:
        """Fingerprint with which `key` was loaded, None where it was not."""
        for day in sorted(self._days, reverse=True):
            found = self._days[day].lookup(key, transaction)
            if found is not None:
                return found
        return None

    def put(self, loaded_ms: int, fresh: dict[bytes, bytes], transaction: lmdb.Transaction) -> None:
        """Write a batch's new ids under the hour it was cut in, and drop the days that left the window."""
        if not fresh:
            return
        day, hour = day_and_hour(loaded_ms)
        if day not in self._days:
            self._days[day] = DayIndex(self._environment, day, transaction)
        self._days[day].put(hour, fresh, transaction)
        for old in [known for known in self._days if known <= day - WINDOW_DAYS]:
            transaction.drop(self._days.pop(old).database)

    def remember(self, loaded_ms: int, fresh: dict[bytes, bytes]) -> None:
        """Make a committed batch's ids visible."""
        if fresh:
            self._days[day_and_hour(loaded_ms)[0]].remember(fresh, len(fresh))


def day_and_hour(instant_ms: int) -> tuple[int, int]:
    """(days since the epoch, hour of the day) in UTC."""
    instant = datetime.fromtimestamp(instant_ms / 1000, UTC)
    return instant_ms // 86_400_000, instant.hour
