"""Dead letters and ledger rows as Arrow tables. Why an event was refused is decided where it was read."""

from __future__ import annotations

import pyarrow as pa
import xxhash

from gxy_analytics.governance.vault.letter_subjects import subjects_of
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.pseudonyms import CustomerPid
from ingest_service.loader.arrays import maps, texts
from ingest_service.loader.columns import INGEST_LEDGER, RAW_EVENTS_REJECTED
from ingest_service.loader.draft import Letter
from ingest_service.loader.drops import DROPPED_NOTE
from ingest_service.loader.state import LedgerRow

LETTER_HEADER = "gxy-rejected-id"  # of a replayed record: the dead letter that it was
OWN_COLUMN = "user-agent"
NOT_OF_THE_LETTER = frozenset({OWN_COLUMN, LETTER_HEADER, DROPPED_NOTE})  # events that were dropped are not replayed with it
MAX_DETAIL = 500  # characters


def letter_rows(letters: list[Letter], slot: str, segment: int, loaded_ms: int, pid: CustomerPid, seal: LetterSeal) -> pa.Table:
    """The dead letters as rows of raw.events_rejected, sealed: `detail` and `headers` are inside what is in `raw`."""
    seal.keys.refresh()
    rows = len(letters)
    requests = [letter.request for letter in letters]
    ids = [letter_id(letter, slot, segment) for letter in letters]
    own = list(zip([request.tenant_id for request in requests], ids, [content_of(letter) for letter in letters], strict=True))
    columns = {
        "tenant_id": [request.tenant_id for request in requests],
        "rejected_id": ids,
        "received_at": [request.received_ms for request in requests],
        "sent_at": [request.sent_ms for request in requests],
        "protocol": [request.protocol for request in requests],
        "client_event_id": texts([letter.client_event_id for letter in letters]),
        "reason": [letter.reason for letter in letters],
        "pointer": texts([letter.pointer for letter in letters]),
        "detail": [""] * rows,
        "raw": [seal.seal(*one) for one in own],
        "ip_truncated": [request.ip_truncated for request in requests],
        "user_agent": texts([request.user_agent for request in requests]),
        "ingest_node": [slot] * rows,
        "ingest_segment": [segment] * rows,
        "ingest_offset": [request.offset for request in requests],
        "ingest_index": [letter.index for letter in letters],
        "loaded_at": [loaded_ms] * rows,
        "replayed_at": [None] * rows,
        "headers": maps([()] * rows, RAW_EVENTS_REJECTED.field("headers").type),
        "is_trusted": [request.is_trusted for request in requests],
        "seal_version": [seal.version] * rows,
        "raw_bytes": [len(letter.raw) for letter in letters],
        "subjects": [subjects_of(tenant_id, content, pid, seal) for tenant_id, _, content in own],
    }
    return pa.table(columns, schema=RAW_EVENTS_REJECTED)


def content_of(letter: Letter) -> LetterContent:
    """What of the letter is sealed: also what the request's record said beside its body."""
    headers = {name: value for name, value in letter.request.headers.items() if name not in NOT_OF_THE_LETTER}
    return LetterContent(letter.raw, letter.detail[:MAX_DETAIL], headers)


def letter_id(letter: Letter, slot: str, segment: int) -> str:
    """32 hex characters: where it was spooled first. A replayed letter that fails again keeps its id and takes its own place.

    A replayed body may fall into several letters: all but the first are new ones.
    """
    replayed = letter.request.letter_id
    if replayed:
        return xxhash.xxh3_128_hexdigest(f"{replayed}:{letter.index}".encode()) if letter.index else replayed
    return xxhash.xxh3_128_hexdigest(f"{slot}:{segment}:{letter.request.offset}:{letter.index}".encode())


def ledger_rows(ledger: list[LedgerRow], batch_id: str, loaded_ms: int) -> pa.Table:
    """One row a tenant of the batch."""
    return pa.table(
        {
            "tenant_id": [row.tenant_id for row in ledger],
            "batch_id": [batch_id] * len(ledger),
            **{name: [getattr(row, name) for row in ledger] for name in _COUNTS},
            "loaded_at": [loaded_ms] * len(ledger),
        },
        schema=INGEST_LEDGER,
    )


_COUNTS = ("accepted", "inserted", "deduplicated", "rejected", "dropped")
