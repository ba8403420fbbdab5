"""A small world for loader tests: a spool written by the real writer, a loader in this process, rows read back.

Every world has a node name and a tenant of its own, so that the tests of a module share one server.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.durable_files import replace_file
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.settings import Settings
from ingest_service.loader.loader import Loader
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.writer import Spool, make_frame

MASTER = b"k" * 32
PSEUDONYMS = Pseudonyms(MASTER)
SEAL = LetterSeal(MASTER)


def event(**fields: Any) -> dict[str, Any]:
    """A native event that happened now; `fields` replace or add."""
    return {"event_id": str(uuid.uuid4()), "name": "page_viewed", "time": iso(time.time()), "anonymous_id": "visitor", **fields}


def iso(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


@dataclass
class LoaderWorld:
    """One spool, one loader state, one tenant."""

    data_dir: Path
    clickhouse_url: str
    client: Client
    node: str = field(default_factory=lambda: f"n{uuid.uuid4().hex[:12]}")
    tenant_id: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:12]}")
    segment_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        path = self.settings.master_key_path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, MASTER)

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.data_dir, clickhouse_url=self.clickhouse_url)

    @property
    def slot(self) -> Path:
        return self.settings.spool_dir / f"{self.node}-0"

    def spool(self, *requests: list[dict[str, Any]] | bytes, sealed: bool = True, **record: Any) -> None:
        """Spool one record a request (events, or a body as it is) and, with `sealed`, give the slot up."""
        writer = Spool(self.slot, segment_bytes=self.segment_bytes)
        writer.append([make_frame(self.record(request, **record)) for request in requests])
        if sealed:
            writer.close()

    def record(self, request: list[dict[str, Any]] | bytes, sent_at: Any = None, **fields: Any) -> SpoolRecord:
        """The record of one request."""
        body = request if isinstance(request, bytes) else json.dumps({"sent_at": sent_at, "events": request}).encode()
        given: dict[str, Any] = {
            "received_ns": time.time_ns(),
            "tenant_id": self.tenant_id,
            "protocol": "native",
            "ip_truncated": "192.0.2.0",
            "headers": {"user-agent": "test/1"},
            "body": body,
            "flags": RecordFlags.NONE,
        }
        return SpoolRecord(**given | fields)

    def loader(self) -> Loader:
        return Loader(self.settings, PSEUDONYMS, Flag())

    def load(self) -> None:
        """Load everything that is in the spool, in a loader of its own."""
        loader = self.loader()
        try:
            loader.finish_last()
            while loader.step():
                pass
        finally:
            loader.close()

    def rows(self, columns: str = "client_event_id", table: str = "raw.events final", order: str = "1") -> list[tuple[Any, ...]]:
        """Rows of this tenant."""
        source = table.replace(" final", "") if table.startswith("raw.events ") else table
        return [
            tuple(row)
            for row in self.client.query(
                f"select {columns} from {source} where tenant_id = {{tenant:String}} order by {order}",
                parameters={"tenant": self.tenant_id},
            ).result_rows
        ]

    def one(self, columns: str) -> dict[str, Any]:
        """The tenant's only row of raw.events."""
        result = self.client.query(
            f"select {columns} from raw.events where tenant_id = {{tenant:String}}", parameters={"tenant": self.tenant_id}
        )
        (row,) = list(result.named_results())
        return dict(row)

    def letters(self, columns: str = "reason, pointer") -> list[tuple[Any, ...]]:
        """Dead letters of this tenant."""
        return self.rows(columns, "raw.events_rejected final")

    def contents(self) -> list[LetterContent]:
        """What the tenant's dead letters hold, opened, in order of their size."""
        columns = "tenant_id, toString(rejected_id), seal_version, base64Encode(raw)"
        return [
            SEAL.open(tenant_id, rejected_id, version, base64.b64decode(sealed))
            for tenant_id, rejected_id, version, sealed in self.rows(columns, "raw.events_rejected final", "raw_bytes")
        ]

    def ledger(self) -> tuple[int, ...]:
        """accepted, inserted, deduplicated, rejected, dropped of this tenant."""
        (row,) = self.rows(
            "sum(accepted), sum(inserted), sum(deduplicated), sum(rejected), sum(dropped)", "governance.ingest_ledger"
        )
        return tuple(int(value) for value in row)
