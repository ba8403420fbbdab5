"""Dead letters back into the spool, as they came: after a rule was changed, or an adapter added, they get a second chance.

Each is spooled durably before it is marked, so a crash between the two repeats it, and the loader counts the repeat.
What the loader makes of a replayed record is decided by `prepare`; showing letters belongs to `ingest_service.letter_commands`.
"""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.bodies import WHOLE_BODY_REASONS
from ingest_service.loader.letters import LETTER_HEADER, OWN_COLUMN
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.writer import SlotTakenError, Spool, make_frame

PACKAGE = "ingest_service.loader"
OPENED = "vault.read"
CHUNK = 1000  # letters
CHUNK_BYTES = 16 << 20  # of raw: a letter may be as large as a body
UNLIMITED = 2**32 - 1
Place = tuple[int, str]  # received_at in ms, rejected_id: the order of a replay
FIRST: Place = (-(2**62), "")
BEGINNING = "1970-01-01T00:00:00Z"
END = "2200-01-01T00:00:00Z"


class ReplayRunsError(GxyError):
    """Another replay works on this spool."""


@dataclass(frozen=True)
class Selection:
    """Which dead letters; empty fields select all. `since` and `until` (excluded) are by receipt, UTC.

    `search` is an event id as the client gave it; what a letter says is sealed and cannot be searched.
    """

    tenant: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    protocol: str = ""
    search: str = ""

    def parameters(self, limit: int) -> dict[str, Any]:
        """Bound parameters of the queries beside this file."""
        return {
            "tenant": self.tenant,
            "reason": self.reason,
            "protocol": self.protocol,
            "search": self.search,
            "since": _instant(self.since) or BEGINNING,
            "until": _instant(self.until) or END,
            "limit": limit,
        }


def list_letters(client: Client, selection: Selection, *, limit: int = 50) -> list[dict[str, Any]]:
    """Dead letters, latest first, unopened; `raw_bytes` is the size of what was received."""
    found = client.query(read_sql(PACKAGE, "dead_letters.sql"), parameters=selection.parameters(limit))
    return [{name: _text(value) for name, value in row.items()} for row in found.named_results()]


def show_letters(
    client: Client, seal: LetterSeal, selection: Selection, *, limit: int = 50, shown: int = 200, why: str
) -> list[dict[str, Any]]:
    """`list_letters` opened, which the audit keeps, with `why`: `detail`, and as `raw` the text of the first `shown` bytes.

    `is_cut` where there is more. Raises VaultError, UnknownKeyVersionError.
    """
    letters = list_letters(client, selection, limit=limit)
    for tenant_id, rows in Counter(letter["tenant_id"] for letter in letters).items():
        record(client, OPENED, tenant_id=tenant_id, reason=why, rows=rows, details={"what": "dead_letters"})
    by_id = {letter["rejected_id"]: letter for letter in letters}
    for some in _fitting(sorted(letters, key=_place)):
        for row in _whole(client, some):
            content = open_letter(row, seal)
            more = {"raw": readable(content.raw[:shown]), "detail": content.detail, "is_cut": len(content.raw) > shown}
            by_id[_text(row["rejected_id"])] |= more
    return letters


def open_letter(row: dict[str, Any], seal: LetterSeal) -> LetterContent:
    """What a row of raw.events_rejected holds; letters from before they were sealed are in the clear."""
    if row["seal_version"]:
        return seal.open(_text(row["tenant_id"]), _text(row["rejected_id"]), row["seal_version"], row["raw"])
    return LetterContent(row["raw"], _text(row["detail"]), row["headers"])


def readable(raw: bytes) -> str:
    """Text as it is, without a character that was cut at the end; what is no text in hexadecimal."""
    try:
        return getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return raw.hex()


def replay(
    client: Client,
    settings: Settings,
    selection: Selection,
    *,
    seal: LetterSeal | None = None,
    limit: int = UNLIMITED,
    dry_run: bool = False,
) -> Counter[str]:
    """Put the selected dead letters that were not replayed yet, at most `limit`, back into the spool; counts by reason.

    The oldest come first. Opening them is an audit row a tenant and chunk. `seal` defaults to the key that the settings name.
    Raises ReplayRunsError, VaultError, UnknownKeyVersionError, and what `load_key_ring` raises.
    """
    if dry_run:
        return Counter(key["reason"] for key in _keys(client, selection, limit, FIRST))
    seal = seal or LetterSeal(load_key_ring(settings))
    try:
        spool = Spool(settings.spool_dir / f"replay-{settings.node_id}")
    except SlotTakenError as error:
        raise ReplayRunsError("another `gxy ingest replay` works on this spool: wait for it to end.") from error
    done: Counter[str] = Counter()
    try:
        for keys in _chunks(client, selection, limit):
            rows = _whole(client, keys)
            for tenant_id, count in Counter(_text(row["tenant_id"]) for row in rows).items():
                record(client, OPENED, tenant_id=tenant_id, reason="replay", rows=count, details={"what": "dead_letters"})
            asked_ms = time.time_ns() // 1_000_000  # before the loader can see a letter, and refuse it again
            spool.append([make_frame(record_of(row, open_letter(row, seal))) for row in rows])
            client.command(read_sql(PACKAGE, "mark_replayed.sql"), parameters={**_where(keys), "asked_ms": asked_ms})
            done.update(key["reason"] for key in keys)
    finally:
        spool.close()
    return done


def record_of(row: dict[str, Any], content: LetterContent) -> SpoolRecord:
    """The dead letter as a request of its own, received when it was and with what was known beside its body."""
    return SpoolRecord(
        received_ns=int(row["received_ms"]) * 1_000_000,
        tenant_id=_text(row["tenant_id"]),
        protocol=_text(row["protocol"]),
        ip_truncated=_text(row["ip_truncated"]),
        headers={**content.headers, OWN_COLUMN: _text(row["user_agent"]), LETTER_HEADER: _text(row["rejected_id"])},
        body=_body(row, content.raw),
        flags=int(RecordFlags.REPLAYED | (RecordFlags.TRUSTED if row["is_trusted"] else RecordFlags.NONE)),
    )


def _body(row: dict[str, Any], raw: bytes) -> bytes:
    """What the adapter reads: the letter's body, or one made of its event."""
    adapter = ADAPTERS.get(_text(row["protocol"]))
    if adapter is None or _text(row["reason"]) in WHOLE_BODY_REASONS:
        return raw
    return adapter.rewrap(raw, row["sent_ms"])


def _chunks(client: Client, selection: Selection, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Keys of the letters in order, as many at a time as are held in memory at once."""
    after = FIRST
    while limit and (keys := _keys(client, selection, min(limit, CHUNK), after)):
        fitting = next(_fitting(keys))
        yield fitting
        limit -= len(fitting)
        after = _place(fitting[-1])


def _fitting(keys: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The keys in portions of CHUNK and CHUNK_BYTES at most, one at least."""
    while keys:
        sizes = accumulate(key["raw_bytes"] for key in keys[:CHUNK])
        fitting = max(sum(size <= CHUNK_BYTES for size in sizes), 1)
        yield keys[:fitting]
        keys = keys[fitting:]


def _whole(client: Client, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The letters of these keys, which are in order, with everything that is stored of them."""
    rows = client.query(read_sql(PACKAGE, "letters_by_id.sql"), parameters=_where(keys), column_formats={"raw": "bytes"})
    return [dict(row) for row in rows.named_results()]


def _where(keys: list[dict[str, Any]]) -> dict[str, Any]:
    ids = [key["rejected_id"] for key in keys]
    return {"ids": ids, "first_ms": keys[0]["received_ms"], "last_ms": keys[-1]["received_ms"]}


def _place(key: dict[str, Any]) -> Place:
    return key["received_ms"], key["rejected_id"]


def _keys(client: Client, selection: Selection, limit: int, after: Place) -> list[dict[str, Any]]:
    parameters = {**selection.parameters(limit), "after_ms": after[0], "after_id": after[1]}
    found = client.query(read_sql(PACKAGE, "replayable.sql"), parameters=parameters).named_results()
    return [{name: _text(value) for name, value in row.items()} for row in found]


def _instant(instant: datetime | None) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ") if instant else ""


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
