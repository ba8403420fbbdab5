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
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.bodies import WHOLE_BODY_REASONS
from ingest_service.loader.letters import LETTER_HEADER, OWN_COLUMN
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.writer import SlotTakenError, Spool, make_frame

PACKAGE = "ingest_service.loader"
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

    `search` is a piece of the raw text or of the detail (letters of any case), or the whole event id.
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


def list_letters(client: Client, selection: Selection, *, limit: int = 50, shown: int = 200) -> list[dict[str, Any]]:
    """Dead letters, latest first: `raw` is the text of the first `shown` bytes, `raw_bytes` the whole size, `is_cut` if more."""
    parameters = {**selection.parameters(limit), "shown": shown}
    found = client.query(read_sql(PACKAGE, "dead_letters.sql"), parameters=parameters, column_formats={"beginning": "bytes"})
    letters = [dict(row) for row in found.named_results()]
    for letter in letters:
        beginning = letter.pop("beginning")
        letter |= {"raw": readable(beginning), "is_cut": len(beginning) < letter["raw_bytes"]}
    return letters


def readable(raw: bytes) -> str:
    """Text as it is, without a character that was cut at the end; what is no text in hexadecimal."""
    try:
        return getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return raw.hex()


def replay(
    client: Client, settings: Settings, selection: Selection, *, limit: int = UNLIMITED, dry_run: bool = False
) -> Counter[str]:
    """Put the selected dead letters that were not replayed yet, at most `limit`, back into the spool; counts by reason.

    The oldest come first. Raises ReplayRunsError.
    """
    if dry_run:
        return Counter(key["reason"] for key in _keys(client, selection, limit, FIRST))
    try:
        spool = Spool(settings.spool_dir / f"replay-{settings.node_id}")
    except SlotTakenError as error:
        raise ReplayRunsError("another `gxy ingest replay` works on this spool: wait for it to end.") from error
    done: Counter[str] = Counter()
    try:
        for keys in _chunks(client, selection, limit):
            where = {"ids": [key["rejected_id"] for key in keys]} | _bounds(keys)
            rows = client.query(read_sql(PACKAGE, "letters_by_id.sql"), parameters=where, column_formats={"raw": "bytes"})
            spool.append([make_frame(record_of(dict(row))) for row in rows.named_results()])
            marked = where | {"asked_ms": time.time_ns() // 1_000_000}
            client.command(read_sql(PACKAGE, "mark_replayed.sql"), parameters=marked)
            done.update(key["reason"] for key in keys)
    finally:
        spool.close()
    return done


def record_of(row: dict[str, Any]) -> SpoolRecord:
    """The dead letter as a request of its own, received when it was and with what was known beside its body."""
    return SpoolRecord(
        received_ns=int(row["received_ms"]) * 1_000_000,
        tenant_id=_text(row["tenant_id"]),
        protocol=_text(row["protocol"]),
        ip_truncated=_text(row["ip_truncated"]),
        headers={**row["headers"], OWN_COLUMN: _text(row["user_agent"]), LETTER_HEADER: _text(row["rejected_id"])},
        body=_body(row),
        flags=int(RecordFlags.REPLAYED | (RecordFlags.TRUSTED if row["is_trusted"] else RecordFlags.NONE)),
    )


def _body(row: dict[str, Any]) -> bytes:
    """What the adapter reads: the letter's body, or one made of its event."""
    raw: bytes = row["raw"]
    adapter = ADAPTERS.get(_text(row["protocol"]))
    if adapter is None or _text(row["reason"]) in WHOLE_BODY_REASONS:
        return raw
    return adapter.rewrap(raw, row["sent_ms"])


def _chunks(client: Client, selection: Selection, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Keys of the letters in order, as many at a time as are held in memory at once."""
    after = FIRST
    while limit and (keys := _keys(client, selection, min(limit, CHUNK), after)):
        sizes = accumulate(key["raw_bytes"] for key in keys)
        fitting = max(sum(size <= CHUNK_BYTES for size in sizes), 1)
        yield keys[:fitting]
        limit -= fitting
        after = keys[fitting - 1]["received_ms"], keys[fitting - 1]["rejected_id"]


def _keys(client: Client, selection: Selection, limit: int, after: Place) -> list[dict[str, Any]]:
    parameters = {**selection.parameters(limit), "after_ms": after[0], "after_id": after[1]}
    found = client.query(read_sql(PACKAGE, "replayable.sql"), parameters=parameters).named_results()
    return [{name: _text(value) for name, value in row.items()} for row in found]


def _bounds(keys: list[dict[str, Any]]) -> dict[str, int]:
    return {"first_ms": keys[0]["received_ms"], "last_ms": keys[-1]["received_ms"]}


def _instant(instant: datetime | None) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ") if instant else ""


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
