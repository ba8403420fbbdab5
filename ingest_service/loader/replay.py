"""Dead letters back into the spool, as they came: after a rule was changed, or an adapter added, they get a second chance.

Each is spooled durably before it is marked, so a crash between the two repeats it, and the loader counts the repeat.
What the loader makes of a replayed record is decided by `prepare`.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.bodies import WHOLE_BODY_REASONS
from ingest_service.loader.prepare import LETTER_HEADER
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.writer import SlotTakenError, Spool, make_frame

PACKAGE = "ingest_service.loader"
CHUNK = 1000
Place = tuple[int, str]  # received_at in ms, rejected_id: the order of a replay
FIRST: Place = (-(2**62), "")
BEGINNING = "1970-01-01T00:00:00Z"


class ReplayRunsError(GxyError):
    """Another replay works on this spool."""


@dataclass(frozen=True)
class Selection:
    """Which dead letters; empty fields select all. `since` is by receipt."""

    tenant: str = ""
    reason: str = ""
    since: datetime | None = None

    def parameters(self, limit: int) -> dict[str, Any]:
        """Bound parameters of the queries beside this file."""
        since = self.since.strftime("%Y-%m-%dT%H:%M:%SZ") if self.since else BEGINNING
        return {"tenant": self.tenant, "reason": self.reason, "since": since, "limit": limit}


def list_letters(client: Client, selection: Selection, *, search: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Dead letters, latest first; `search` is a piece of the raw text or the whole event id."""
    parameters = {**selection.parameters(limit), "search": search}
    return list(client.query(read_sql(PACKAGE, "dead_letters.sql"), parameters=parameters).named_results())


def replay(client: Client, settings: Settings, selection: Selection, *, dry_run: bool = False) -> Counter[str]:
    """Put the selected dead letters that were not replayed yet back into the spool; counts by reason.

    Those whose raw bytes were cut cannot be replayed and stay. Raises ReplayRunsError.
    """
    if dry_run:
        return Counter(row["reason"] for row in _select(client, selection, limit=2**32 - 1))
    try:
        spool = Spool(settings.spool_dir / f"replay-{settings.node_id}")
    except SlotTakenError as error:
        raise ReplayRunsError("another `gxy ingest replay` works on this spool: wait for it to end.") from error
    done: Counter[str] = Counter()
    try:
        after = FIRST
        while rows := _select(client, selection, limit=CHUNK, after=after):
            spool.append([make_frame(record_of(row)) for row in rows])
            _mark(client, [row["rejected_id"] for row in rows])
            done.update(row["reason"] for row in rows)
            after = rows[-1]["received_ms"], rows[-1]["rejected_id"]
    finally:
        spool.close()
    return done


def record_of(row: dict[str, Any]) -> SpoolRecord:
    """The dead letter as a request of its own, received when it was."""
    return SpoolRecord(
        received_ns=int(row["received_ms"]) * 1_000_000,
        tenant_id=_text(row["tenant_id"]),
        protocol=_text(row["protocol"]),
        ip_truncated=_text(row["ip_truncated"]),
        headers={"user-agent": _text(row["user_agent"]), LETTER_HEADER: row["rejected_id"]},
        body=_body(row),
        flags=RecordFlags.REPLAYED,
    )


def _body(row: dict[str, Any]) -> bytes:
    raw: bytes = row["raw"]
    if row["reason"] in WHOLE_BODY_REASONS:
        return raw
    return ADAPTERS[_text(row["protocol"])].rewrap(raw, row["sent_ms"])


def _select(client: Client, selection: Selection, *, limit: int, after: Place = FIRST) -> list[dict[str, Any]]:
    parameters = {**selection.parameters(limit), "after_ms": after[0], "after_id": after[1]}
    found = client.query(read_sql(PACKAGE, "replayable.sql"), parameters=parameters, column_formats={"raw": "bytes"})
    rows = [dict(row) for row in found.named_results()]
    return [row | {"rejected_id": _text(row["rejected_id"]), "reason": _text(row["reason"])} for row in rows]


def _mark(client: Client, ids: list[str]) -> None:
    client.command(read_sql(PACKAGE, "mark_replayed.sql"), parameters={"ids": ids, "asked_ms": time.time_ns() // 1_000_000})


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
