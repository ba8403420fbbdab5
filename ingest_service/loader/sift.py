"""Which events of a draft are new: repeats are counted, an id that comes back with other content becomes a dead letter.

The index of what was loaded before is `dedup`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import xxhash

from ingest_service.loader.draft import Draft, Letter

COLLISION = "id_collision"
ID_POINTERS = {  # where an event's id stands in a body, by protocol
    "native": "/events/{index}/event_id",
    "segment": "/batch/{index}/messageId",
    "snowplow": "/data/{index}/eid",
}

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Sifted:
    """What is new: the draft of new events, their keys and fingerprints, and the number of repeats by tenant."""

    draft: Draft
    fresh: dict[bytes, bytes]
    repeats: Counter[str]


def sift(draft: Draft, suspects: Callable[[list[bytes]], set[bytes]], lookup: Callable[[bytes], bytes | None]) -> Sifted:
    """Split `draft` by what was loaded before and by what repeats inside it. Collisions are added to its letters."""
    keys = event_keys(draft)
    fingerprints = [xxhash.xxh3_64_digest(_encode(event)) for event in draft.events]
    suspicious = suspects(keys)
    fresh: dict[bytes, bytes] = {}
    rows: list[int] = []
    repeats: Counter[str] = Counter()
    for row, key in enumerate(keys):
        known = fresh.get(key)
        if known is None and key in suspicious:
            known = lookup(key)
        if known is None:
            fresh[key] = fingerprints[row]
            rows.append(row)
        elif known == fingerprints[row]:
            repeats[draft.requests[draft.owner[row]].tenant_id] += 1
        else:
            draft.letters.append(collision(draft, row, known, fingerprints[row]))
    return Sifted(draft.keep(rows), fresh, repeats)


def event_keys(draft: Draft) -> list[bytes]:
    """xxh3-128 of (tenant, client event id), a row."""
    digest = xxhash.xxh3_128_digest
    tenants = [f"{request.tenant_id}\0" for request in draft.requests]
    return [digest((tenants[owner] + event.event_id).encode()) for owner, event in zip(draft.owner, draft.events, strict=True)]


def collision(draft: Draft, row: int, kept: bytes, refused: bytes) -> Letter:
    """The dead letter of a row whose id is known with other content; `kept` and `refused` are the fingerprints of the two."""
    request, index = draft.requests[draft.owner[row]], draft.index[row]
    pointer = ID_POINTERS.get(request.protocol, "").format(index=index)
    told = "this id was used before for another event of the tenant; the first one is kept"
    return Letter(
        request,
        index,
        COLLISION,
        pointer,
        f"{told} (fingerprint {kept.hex()}, of this one {refused.hex()})",
        bytes(draft.raws[row]),
        draft.events[row].event_id,
    )
