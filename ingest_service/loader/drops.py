"""Events that the door refused to store (opt-out, missing consent): only their number comes along, for the ledger.

Why they were refused is decided by `ingest_service.privacy` and `ingest_service.consent`.
"""

from __future__ import annotations

from collections import Counter

from ingest_service.loader.draft import Draft, Request

DROPPED_NOTE = "gxy-dropped"  # reason=number, separated by &


def drops_note(drops: dict[str, int]) -> str:
    """The note of a record from which events were dropped, by reason."""
    return "&".join(f"{reason}={count}" for reason, count in drops.items())


def count_drops(note: str, request: Request, draft: Draft) -> None:
    """Add what the note says to what the request accepted and the draft dropped."""
    for part in note.split("&"):
        reason, _, count = part.partition("=")
        request.accepted += int(count)
        draft.drops[request.tenant_id, reason] += int(count)


def drops_by_reason(drops: Counter[tuple[str, str]]) -> dict[str, int]:
    """Over all tenants."""
    found: Counter[str] = Counter()
    for (_, reason), count in drops.items():
        found[reason] += count
    return dict(found)
