"""The loader's work: slot by slot, cut a batch, write its manifest, insert it, commit it; run the last one again after a crash.

What a batch holds is decided by `prepare`; how long to insist on ClickHouse by `sink`; when the process ends by `__main__`.
"""

from __future__ import annotations

import gc
import logging
import time
from pathlib import Path
from threading import Event as Flag

import lmdb

from gxy_analytics.governance.vault.letters import LetterSeal
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.settings import Settings, require
from ingest_service.backpressure import SpoolFill
from ingest_service.enrich.distinct import Book
from ingest_service.enrich.enrich import Enrichment
from ingest_service.loader import cut as cutting
from ingest_service.loader.cleaning import SpoolCleaning
from ingest_service.loader.customers import CustomerNames
from ingest_service.loader.keys import KeyCheck
from ingest_service.loader.manifest import BatchLine, Manifest
from ingest_service.loader.prepare import Known, Prepared, prepare
from ingest_service.loader.reconcile import finish_differing
from ingest_service.loader.salvage import resume_after
from ingest_service.loader.sink import Sink
from ingest_service.loader.slots import delete_loaded, durable_end, leave, next_segment, quarantine_path, set_aside, slots
from ingest_service.loader.state import Cursor, LoaderState
from ingest_service.loader.status import StatusFile
from ingest_service.loader.suppression_list import SuppressionList
from ingest_service.loader.web import AddressBook
from ingest_service.logs import say
from ingest_service.spool.mark import read_mark
from ingest_service.spool.reader import SegmentEnd
from ingest_service.spool.segment import BadSegmentError, segment_number

IDLE_SECONDS = 0.05
HOUSEKEEPING_SECONDS = 60.0
RECLAIM_FILL = 0.6  # below the watermark from which tenants are refused: room for new events is worth more than loaded ones
MANIFEST = "manifest.jsonl"


class Loader:
    """One loader over all slots of a spool. Open from construction to `close`.

    Raises LoaderRunsError, MissingMasterKeyError, GeoDatabaseError.
    """

    def __init__(self, settings: Settings, pseudonyms: Pseudonyms, stop: Flag) -> None:
        self._settings = settings
        self._stop = stop
        self._state = LoaderState(settings.loader_dir)
        self._manifest = Manifest(settings.loader_dir / MANIFEST)
        self._positions: dict[str, Cursor] = {}
        self._waiting: dict[str, float] = {}  # slot -> when records were first seen waiting, monotonic seconds
        self._names = CustomerNames(pseudonyms)
        self._seal = LetterSeal(pseudonyms.key_ring)
        self._addresses = AddressBook()
        self._rules = Enrichment(settings.geo_database)
        self._housekeeping_at = 0.0
        self._fill = SpoolFill(settings)
        self.status = StatusFile(settings, self._state)
        self.status.caches = {name: book for name, book in vars(self._rules).items() if isinstance(book, Book)}
        self._sink = Sink(require(settings.clickhouse_url, "CLICKHOUSE_URL"), stop, self._trouble)
        self._keys = KeyCheck(pseudonyms, self._sink)
        self._suppressed = SuppressionList(self._sink, settings.node_id)
        self._cleaning = SpoolCleaning(settings.spool_dir, self._suppressed, self.status.alarm)

    def run(self) -> None:
        """Load until told to stop. Raises StoppedError when that happens while ClickHouse does not answer.

        Raises OtherMasterKeyError before the first batch is written that another key would name differently.
        """
        self.status.write(self._sink, force=True)
        self.finish_last()
        while not self._stop.is_set():
            if not self.step():
                self._stop.wait(IDLE_SECONDS)

    def step(self) -> bool:
        """Give every slot one turn; returns whether anything was loaded."""
        worked = False
        for slot in slots(self._settings.spool_dir):
            if self._stop.is_set():
                break
            worked |= self._turn(slot)
        self._suppressed.look()
        self._cleaning.work(self._position)
        self._housekeeping()
        self.status.write(self._sink)
        return worked

    def finish_last(self) -> None:
        """Run the last manifest line again when its commit is missing: the same rows under the same tokens."""
        line = self._manifest.last()
        if line is None:
            return
        if self._is_committed(line):
            return
        path = self._settings.spool_dir / line.slot / f"{line.segment:08d}.seg"
        found = cutting.cut(path, line.slot, line.first, until=line.end) if path.exists() else None
        if found is None or not found.records:
            self.status.alarm(f"batch {line.batch_id} was not finished and its records are gone from the spool: restore {path}")
            return
        prepared = self._prepare(found, line.loaded_ms)
        if prepared.line.splits == line.splits:
            self._insert(prepared)
        else:
            self.status.alarm(f"batch {line.batch_id} gives other rows than before the restart: only what is missing is inserted")
            finish_differing(self._sink, prepared)
        self._commit(prepared)

    def _is_committed(self, line: BatchLine) -> bool:
        """Whether the cursor is past the line. One that an emptied spool left says nothing of a line of the spool after it."""
        at = self._state.cursor(line.slot)
        mark = read_mark(self._settings.spool_dir / line.slot)
        if mark is not None and line.segment <= mark[0] < at.segment:
            return False
        return (at.segment, at.offset) >= (line.segment, line.end)

    def close(self) -> None:
        """Give the state directory up."""
        self.status.write(self._sink, force=True)
        self._sink.close()
        self._state.close()

    def _turn(self, slot: Path) -> bool:
        position = self._position(slot)
        found = next_segment(slot, position)
        if found is None or not self._is_due(slot, *found):
            return False
        path, offset = found
        try:
            batch = cutting.cut(path, slot.name, offset)
        except BadSegmentError as error:
            self._set_aside(path, f"its header is damaged: {error}")
            self._pass_by(path, slot.name)
            return True
        if batch.records:
            self._load(batch)
        elif batch.reached is SegmentEnd.CORRUPT:
            self._skip_damage(path, slot.name, batch.end)
        elif batch.reached is SegmentEnd.SEALED:
            leave(path)
            self._pass_by(path, slot.name)
        else:
            return False
        return True

    def _position(self, slot: Path) -> Cursor:
        return self._positions.get(slot.name) or self._cursor(slot)

    def _cursor(self, slot: Path) -> Cursor:
        """Where the slot's loading goes on; at its beginning when its segments were numbered anew."""
        cursor = self._state.cursor(slot.name)
        mark = read_mark(slot)
        if mark is None or not 0 < mark[0] < cursor.segment:
            return cursor
        self.status.alarm(f"spool {slot} was emptied and starts again: its segments are loaded from number 1")
        return Cursor(0, 0)

    def _is_due(self, slot: Path, path: Path, offset: int) -> bool:
        """Whether to cut now: sealed, or enough is waiting, or it waits long enough. Asks for sizes only, reads no record."""
        mark = read_mark(slot)
        if mark is None or mark[0] != segment_number(path):
            return True
        end, is_sealed = durable_end(path, mark)
        waiting = end - offset
        if waiting <= 0:
            self._waiting.pop(slot.name, None)
            return False
        since = self._waiting.setdefault(slot.name, time.monotonic())
        return is_sealed or waiting >= cutting.MAX_BYTES or time.monotonic() - since >= cutting.MAX_AGE_SECONDS

    def _load(self, batch: cutting.Cut) -> None:
        self._waiting.pop(batch.slot, None)
        began = time.monotonic()
        prepared = self._prepare(batch, cutting.now_ns() // 1_000_000)
        self._manifest.write(prepared.line)
        inserting = time.monotonic()
        self._insert(prepared)
        self.status.tallies.insert_seconds.observe(time.monotonic() - inserting)
        self._commit(prepared)
        self.status.tallies.batch_seconds.observe(time.monotonic() - began)

    def _prepare(self, batch: cutting.Cut, loaded_ms: int) -> Prepared:
        suppressed = self._suppressed.current()
        tenants = {record.tenant_id for _, record in batch.records}
        self._keys.check({one for one in tenants if not suppressed.is_removed(one)})
        with self._state.environment.begin() as transaction:
            known = Known(
                suspects=self._state.dedup.suspects,
                lookup=lambda key: self._lookup(key, transaction),
                smallest_skew=self._state.smallest_skew,
                customer_pid=self._names.pid,
                addresses=self._addresses,
                rules=self._rules,
                seal=self._seal,
                suppressed=suppressed,
            )
            return prepare(batch, loaded_ms, known)

    def _lookup(self, key: bytes, transaction: lmdb.Transaction) -> bytes | None:
        return self._state.dedup.lookup(key, transaction)

    def _insert(self, prepared: Prepared) -> None:
        for one in prepared.inserts:
            self._sink.insert(one.split.table, one.columns, one.stream, prepared.line.token(one.split))

    def _commit(self, prepared: Prepared) -> None:
        self._state.commit(prepared.commit)
        self._positions[prepared.line.slot] = prepared.commit.cursor
        for row in prepared.commit.ledger:
            if not row.balances:
                self.status.alarm(f"ledger of {row.tenant_id} in batch {prepared.line.batch_id} does not balance: {row}")
        self.status.loaded(prepared)

    def _skip_damage(self, path: Path, slot: str, offset: int) -> None:
        """Behind a record that fails its checksum go on with the next whole one; the segment is kept in quarantine."""
        self._set_aside(path, f"the record at byte {offset} fails its checksum")
        following = resume_after(path, offset)
        if following is None:
            leave(path)
            self._pass_by(path, slot)
            return
        self._positions[slot] = Cursor(segment_number(path), following)
        self._state.advance(slot, self._positions[slot])

    def _set_aside(self, path: Path, why: str) -> None:
        if not quarantine_path(path).exists():
            self.status.alarm(f"segment {path} is damaged ({why}): kept as {set_aside(path)}")

    def _pass_by(self, path: Path, slot: str) -> None:
        if quarantine_path(path).exists():
            path.unlink(missing_ok=True)
        self._positions[slot] = Cursor(segment_number(path) + 1, 0)

    def _housekeeping(self) -> None:
        if time.monotonic() < self._housekeeping_at:
            return
        self._housekeeping_at = time.monotonic() + HOUSEKEEPING_SECONDS
        if problem := self._rules.geo.untold_problem():
            self.status.alarm(problem)
        gc.collect()  # `__main__` turns the automatic one off
        for slot in slots(self._settings.spool_dir):
            delete_loaded(slot, self._state.cursor(slot.name), self._settings.spool_retention_hours)
        if self._fill.measure() >= RECLAIM_FILL:
            loaded = [delete_loaded(slot, self._state.cursor(slot.name), 0) for slot in slots(self._settings.spool_dir)]
            if freed := sum(map(len, loaded)):
                say(logging.WARNING, "spool_reclaimed", segments=freed, reason="the spool fills up: loaded segments went early")

    def _trouble(self) -> None:
        self.status.write(self._sink)
