"""Events without the consent that their tenant requires are taken out of a body before it is stored.

Only tenants that require a purpose pay for it: their bodies are read here as the loader will read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from gxy_analytics.contracts.events import EventResult
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.draft import Draft, Request
from ingest_service.protocols.native import DROP
from ingest_service.protocols.wire import Reading

CONSENT = "consent"  # reason to drop
DETAIL = "the visitor did not consent to {purposes}, which this shop requires: the event is counted and not stored."


def without_refused(reading: Reading, protocol: str, required: Sequence[str]) -> tuple[Reading, int]:
    """The reading without the events that lack a required purpose, and their number. What cannot be read stays for the loader."""
    draft = Draft()
    adapter = ADAPTERS[protocol]
    adapter.read(reading.body, Request("", protocol, 0, 0, headers=reading.notes), draft)
    rows = range(len(draft.events))
    refused = {row for row in rows if not all(draft.events[row].consent.get(purpose) for purpose in required)}
    if not refused:
        return reading, 0
    kept = [bytes(draft.raws[row]) for row in rows if row not in refused] + [letter.raw for letter in draft.letters]
    dropped = {draft.index[row] for row in refused}
    detail = DETAIL.format(purposes=", ".join(required))
    results = [
        EventResult(result.event_id, DROP, CONSENT, detail) if number in dropped else result
        for number, result in enumerate(reading.results)
    ]
    body = adapter.rewrap(b",".join(kept), draft.requests[0].sent_ms) if kept else b""
    return Reading(body, results, reading.key, reading.notes), len(refused)
