"""Which events of a request may be stored: none of a visitor who opted out, none without a consent that the tenant requires.

What a refused event leaves behind is its number, by reason: the ledger counts it as dropped.
"""

from __future__ import annotations

from typing import NamedTuple

from gxy_analytics.contracts.events import EventResult
from gxy_analytics.governance.tenants.ingest_policy import Grant
from ingest_service.consent import CONSENT, without_refused
from ingest_service.loader.drops import DROPPED_NOTE, drops_note
from ingest_service.privacy import opted_out
from ingest_service.protocols.native import DROP
from ingest_service.protocols.wire import Reading
from ingest_service.request import Headers
from ingest_service.spool.record import RecordFlags

OPTED_OUT = "the visitor's browser opts out, and this shop honours that: the event is counted and not stored."


class Screened(NamedTuple):
    """What may be stored of a request, and the flag of its record."""

    reading: Reading
    flags: RecordFlags = RecordFlags.NONE


def screen(grant: Grant, headers: Headers, protocol: str, reading: Reading) -> Screened:
    """The reading with what may be stored, its results saying what may not, and a note of the numbers."""
    reason = opted_out(grant, headers)
    if reason:
        results = [EventResult(result.event_id, DROP, reason, OPTED_OUT) for result in reading.results]
        return _without(Reading(b"", results, reading.key, reading.notes), {reason: len(results)})
    if grant.policy.consent_required:
        kept, refused = without_refused(reading, protocol, grant.policy.consent_required)
        return _without(kept, {CONSENT: refused}) if refused else Screened(reading)
    return Screened(reading)


def _without(reading: Reading, drops: dict[str, int]) -> Screened:
    reading.notes = reading.notes | {DROPPED_NOTE: drops_note(drops)}
    return Screened(reading, RecordFlags.NONE if reading.body else RecordFlags.DROPPED)
