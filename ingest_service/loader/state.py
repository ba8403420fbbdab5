"""What the loader knows after a crash: cursors, de-duplication index, skews, totals. One LMDB transaction a batch.

What is true only until ClickHouse has answered belongs to `manifest`.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from pathlib import Path
from types import TracebackType

import lmdb
import msgspec

from gxy_analytics.durable_files import make_directory, sync_directory
from gxy_analytics.errors import GxyError
from ingest_service.loader.dedup import DedupIndex

MAP_BYTES = 1 << 36  # address space, not disk: the file grows as it is used
MAX_DATABASES = 64
SKEW_PREFIX = b"skew:"
TENANT = "tenant:"  # in names of totals: `tenant:<tenant_id>:<outcome>`
OUTCOMES = ("accepted", "inserted", "deduplicated", "rejected", "dropped")
SKEW_DAYS = 2  # a clock that was mended is forgotten
DAY_MS = 86_400_000


class LoaderRunsError(GxyError):
    """Another loader owns the state directory."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Everything of the slot before byte `offset` of `segment` is in ClickHouse."""

    segment: int
    offset: int


class LedgerRow(msgspec.Struct, array_like=True):
    """One tenant in one batch: accepted = inserted + deduplicated + rejected + dropped."""

    tenant_id: str
    accepted: int = 0
    inserted: int = 0
    deduplicated: int = 0
    rejected: int = 0
    dropped: int = 0

    @property
    def balances(self) -> bool:
        return self.accepted == self.inserted + self.deduplicated + self.rejected + self.dropped


class Commit(msgspec.Struct):
    """What one finished batch changes."""

    slot: str
    batch_id: str
    cursor: Cursor
    loaded_ms: int
    fresh: dict[bytes, bytes]
    skews: dict[bytes, int]
    ledger: list[LedgerRow]
    reasons: dict[str, int]
    drops: dict[str, int] = msgspec.field(default_factory=dict)  # events that a rule kept out, by reason: consent, gpc, dnt


class LoaderState:
    """The state directory of one loader. Raises LoaderRunsError when another process has it open."""

    def __init__(self, directory: Path) -> None:
        make_directory(directory)
        self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise LoaderRunsError(
                f"another loader works on {directory}: stop it first, or give this one its own data directory."
            ) from error
        self.environment = lmdb.open(str(directory / "state"), map_size=MAP_BYTES, max_dbs=MAX_DATABASES, metasync=True)
        sync_directory(directory)  # LMDB syncs its file, but neither the entry of it nor that of its directory
        sync_directory(directory / "state")
        self._cursors = self.environment.open_db(b"cursors")
        self._totals = self.environment.open_db(b"totals")
        self._ledger = self.environment.open_db(b"ledger")
        self._skews: dict[int, lmdb._Database] = {}
        self.dedup = DedupIndex(self.environment)
        self._open_skews()

    def cursor(self, slot: str) -> Cursor:
        """Where loading of `slot` goes on; before the first segment when nothing was loaded."""
        with self.environment.begin() as transaction:
            found = transaction.get(slot.encode(), db=self._cursors)
            return msgspec.msgpack.decode(found, type=Cursor) if found else Cursor(0, 0)

    def totals(self) -> Counter[str]:
        """Counters since the state was created: outcomes in all and by tenant, `rejected:<reason>`, `dropped:<reason>`, …"""
        with self.environment.begin() as transaction, transaction.cursor(self._totals) as cursor:
            return Counter({bytes(key).decode(): int.from_bytes(value, "big") for key, value in cursor})

    def smallest_skew(self, key: bytes) -> int | None:
        """Smallest skew (ms) seen for a visitor within SKEW_DAYS."""
        if not self._skews:
            return None
        with self.environment.begin() as transaction:
            found = [transaction.get(key, db=database) for database in self._skews.values()]
        return min((int.from_bytes(value, "big", signed=True) for value in found if value is not None), default=None)

    def commit(self, done: Commit) -> None:
        """Advance the cursor, the index, the skews, the ledger and the totals at once, durably."""
        with self.environment.begin(write=True) as transaction:
            transaction.put(done.slot.encode(), msgspec.msgpack.encode(done.cursor), db=self._cursors)
            transaction.put(done.slot.encode(), msgspec.msgpack.encode((done.batch_id, done.ledger)), db=self._ledger)
            self.dedup.put(done.loaded_ms, done.fresh, transaction)
            self._put_skews(done, transaction)
            for name, count in count_up(done).items():
                before = transaction.get(name.encode(), db=self._totals)
                total = count + (int.from_bytes(before, "big") if before else 0)
                transaction.put(name.encode(), total.to_bytes(8, "big"), db=self._totals)
        self.dedup.remember(done.loaded_ms, done.fresh)

    def advance(self, slot: str, cursor: Cursor) -> None:
        """Move a cursor over something that holds no record (an emptied or quarantined segment)."""
        with self.environment.begin(write=True) as transaction:
            transaction.put(slot.encode(), msgspec.msgpack.encode(cursor), db=self._cursors)

    def _put_skews(self, done: Commit, transaction: lmdb.Transaction) -> None:
        if not done.skews:
            return
        day = done.loaded_ms // DAY_MS
        if day not in self._skews:
            self._skews[day] = self.environment.open_db(SKEW_PREFIX + b"%d" % day, txn=transaction, create=True)
        for key, skew in done.skews.items():
            transaction.put(key, skew.to_bytes(8, "big", signed=True), db=self._skews[day])
        for old in [known for known in self._skews if known <= day - SKEW_DAYS]:
            transaction.drop(self._skews.pop(old))

    def _open_skews(self) -> None:
        with self.environment.begin(write=True) as transaction:
            names = [bytes(key) for key, _ in transaction.cursor() if bytes(key).startswith(SKEW_PREFIX)]
            for name in names:
                self._skews[int(name.removeprefix(SKEW_PREFIX))] = self.environment.open_db(name, txn=transaction)

    def close(self) -> None:
        self.environment.close()
        os.close(self._lock)

    def __enter__(self) -> LoaderState:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def count_up(done: Commit) -> Counter[str]:
    """What a batch adds to the totals."""
    totals: Counter[str] = Counter(batches=1)
    for row in done.ledger:
        for outcome in OUTCOMES:
            count = getattr(row, outcome)
            totals[outcome] += count
            if count:
                totals[f"{TENANT}{row.tenant_id}:{outcome}"] += count
        totals["unbalanced"] += not row.balances
    for reason, count in done.reasons.items():
        totals[f"rejected:{reason}"] += count
    for reason, count in done.drops.items():
        totals[f"dropped:{reason}"] += count
    return totals
