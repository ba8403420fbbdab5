"""From a cut of the spool to everything that its batch inserts and changes. Pure but for look-ups: same cut, same rows.

Inserting and committing belong to `loader`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from gxy_analytics.governance.suppressions import Suppressions
from gxy_analytics.governance.vault.letters import LetterSeal
from gxy_analytics.governance.vault.pseudonyms import CustomerPid
from ingest_service.enrich.enrich import Enrichment
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.assemble import event_rows
from ingest_service.loader.bodies import read_record
from ingest_service.loader.cut import Cut
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.drops import DROPPED_NOTE, count_drops, drops_by_reason
from ingest_service.loader.letters import LETTER_HEADER, ledger_rows, letter_rows
from ingest_service.loader.manifest import BatchLine, Split
from ingest_service.loader.privacy import protect
from ingest_service.loader.quality import check
from ingest_service.loader.sift import sift
from ingest_service.loader.sink import arrow_bytes, digest
from ingest_service.loader.state import Commit, Cursor, LedgerRow
from ingest_service.loader.suppression import suppress
from ingest_service.loader.timing import place
from ingest_service.loader.web import AddressBook
from ingest_service.spool.record import RecordFlags, SpoolRecord

WHOLE = "all"


@dataclass(slots=True)
class Known:
    """What earlier batches left: look-ups into the state, and caches."""

    suspects: Callable[[list[bytes]], set[bytes]]
    lookup: Callable[[bytes], bytes | None]
    smallest_skew: Callable[[bytes], int | None]
    customer_pid: CustomerPid
    addresses: AddressBook
    rules: Enrichment
    seal: LetterSeal
    suppressed: Suppressions = field(default_factory=Suppressions)


@dataclass(slots=True)
class Insert:
    """One insert of the batch."""

    split: Split
    columns: list[str]
    stream: bytes


@dataclass(slots=True)
class Prepared:
    """A batch, ready: its manifest line, its inserts in order, and what is committed when all of them are in."""

    line: BatchLine
    inserts: list[Insert]
    commit: Commit
    events: pa.Table | None = field(repr=False, default=None)


def prepare(batch: Cut, loaded_ms: int, known: Known) -> Prepared:
    """Read, sift, place in time and lay out the batch."""
    sifted = sift(read(batch), known.suspects, known.lookup)
    check(sifted.draft)
    protect(sifted.draft)
    draft, timed = suppress(sifted.draft, place(sifted.draft, known.smallest_skew), known.suppressed, known.customer_pid)
    events = (
        event_rows(draft, timed, (batch.slot, batch.segment), loaded_ms, known.customer_pid, known.addresses, known.rules)
        if draft.events
        else None
    )
    ledger = ledger_of(draft, sifted.repeats)
    batch_id = f"{batch.slot}:{batch.segment}:{batch.first}-{batch.last}"
    inserts = [insert("raw.events", day, rows) for day, rows in by_day(events)]
    if draft.letters:
        letters = letter_rows(draft.letters, batch.slot, batch.segment, loaded_ms, known.customer_pid, known.seal)
        inserts.append(insert("raw.events_rejected", WHOLE, letters))
    inserts.append(insert("governance.ingest_ledger", WHOLE, ledger_rows(ledger, batch_id, loaded_ms)))
    return Prepared(
        BatchLine(
            slot=batch.slot,
            segment=batch.segment,
            first=batch.first,
            last=batch.last,
            end=batch.end,
            loaded_ms=loaded_ms,
            splits=[one.split for one in inserts],
        ),
        inserts,
        Commit(
            slot=batch.slot,
            batch_id=batch_id,
            cursor=Cursor(batch.segment, batch.end),
            loaded_ms=loaded_ms,
            fresh=sifted.fresh,
            skews=timed.skews,
            ledger=ledger,
            reasons=dict(Counter(letter.reason for letter in draft.letters)),
            drops=drops_by_reason(draft.drops),
        ),
        events,
    )


def read(batch: Cut) -> Draft:
    """All events and dead letters of the batch's records."""
    draft = Draft()
    for offset, record in batch.records:
        request = request_of(offset, record)
        if record.has(RecordFlags.DROPPED):
            draft.requests.append(request)
        else:
            read_record(record, request, draft, ADAPTERS.get(record.protocol))
        if DROPPED_NOTE in record.headers:
            count_drops(record.headers[DROPPED_NOTE], request, draft)
    return draft


def request_of(offset: int, record: SpoolRecord) -> Request:
    """The record without its body."""
    return Request(
        tenant_id=record.tenant_id,
        protocol=record.protocol,
        received_ms=record.received_ns // 1_000_000,
        offset=offset,
        ip_truncated=record.ip_truncated,
        user_agent=record.headers.get("user-agent", ""),
        headers=record.headers,
        is_trusted=record.has(RecordFlags.TRUSTED),
        letter_id=record.headers.get(LETTER_HEADER, "") if record.has(RecordFlags.REPLAYED) else "",
    )


def ledger_of(draft: Draft, repeats: Counter[str]) -> list[LedgerRow]:
    """One row a tenant. What was accepted is counted from the records, the rest from what became of each event."""
    rows: dict[str, LedgerRow] = {}
    for request in draft.requests:
        rows.setdefault(request.tenant_id, LedgerRow(request.tenant_id)).accepted += request.accepted
    for owner, count in Counter(draft.owner).items():
        rows[draft.requests[owner].tenant_id].inserted += count
    for letter in draft.letters:
        rows[letter.request.tenant_id].rejected += 1
    for tenant_id, count in repeats.items():
        rows[tenant_id].deduplicated += count
    for (tenant_id, _), count in draft.drops.items():
        rows[tenant_id].dropped += count
    return sorted(rows.values(), key=lambda row: row.tenant_id)


def by_day(events: pa.Table | None) -> Iterator[tuple[str, pa.Table]]:
    """The events by partition, yyyymmdd. Days of the running week come first: a backfill never holds them up."""
    if events is None:
        return
    days = pc.strftime(events.column("event_time"), "%Y%m%d")
    found = sorted(pc.unique(days).to_pylist(), reverse=True)
    for day in found:
        yield day, events if len(found) == 1 else events.filter(pc.equal(days, day))


def insert(table: str, partition: str, rows: pa.Table) -> Insert:
    """One insert and its entry in the manifest."""
    stream = arrow_bytes(rows)
    return Insert(Split(table, partition, rows.num_rows, digest(stream)), rows.column_names, stream)
