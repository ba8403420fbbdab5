"""A service with keys of several kinds, for the tests of Segment's routes, and the calls that are sent to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from ingest_process import KEY, IngestProcess

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.governance.tenants.write_keys import hash_write_key
from tests.conftest import free_port

LIMIT = 200_000
SHOP = "https://shop.example"
GRANTS = {
    "picky-key": Grant("picky", policy=IngestPolicy(origins=(SHOP,))),
    "busy-key": Grant("busy", policy=IngestPolicy(events_per_second=1, events_burst=2)),
    "private-key": Grant("private", policy=IngestPolicy(consent_required=("Ads",))),
    "secret-key": Grant("server", is_secret=True),
}


def with_grants(ingest: IngestProcess) -> None:
    """More keys in the cache of a service that has no ClickHouse to ask."""
    cache = ingest.data_dir / "ingest" / "keys.json"
    known = {hash_write_key(key): msgspec.to_builtins(grant) for key, grant in GRANTS.items()}
    cache.write_text(json.dumps(json.loads(cache.read_text()) | known))


def call(message_id: str, **fields: Any) -> dict[str, Any]:
    """A track call."""
    given = {"type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": "a"}
    return given | {"timestamp": "2026-11-22T10:00:00.000Z", "properties": {"product_id": "p"}} | fields


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which always says `code` and `message`: RudderStack's Python client needs both."""
    body = answer.json()
    assert body["message"]
    return answer.status_code, body["code"]


@contextmanager
def running(directory: Path, **options: Any) -> Iterator[IngestProcess]:
    """A service of this test's own."""
    ingest = IngestProcess(directory, free_port(), **options)
    ingest.start()
    try:
        yield ingest
    finally:
        ingest.stop()


def tried(ingest: IngestProcess, key: str = KEY) -> httpx.Response:
    """The answer to one call."""
    return httpx.post(f"{ingest.url}/v1/track", json=call("tried"), auth=(key, ""))
