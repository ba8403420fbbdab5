"""RudderStack's merge call, which names two ids of one person, as an alias."""

from __future__ import annotations

import msgspec

from ingest_service.loader.privacy import REMOVED
from ingest_service.loader.segment.fill import Filled
from ingest_service.loader.segment.message import Message

ID_TYPES = ("anonymousId", "userId")  # others are e-mail addresses and phone numbers


def merged(message: Message, filled: Filled) -> Message:
    """The call as an alias: of the two ids the visitor's, or the first, is the previous one. Other kinds of ids are left out."""
    given = message.merge_properties if isinstance(message.merge_properties, list) else []
    pairs = [(str(one.get("type")), one.get("value")) for one in given if isinstance(one, dict)]
    ids = sorted((pair for pair in pairs if pair[0] in ID_TYPES), key=lambda pair: ID_TYPES.index(pair[0]))
    if len(ids) < len(pairs):
        filled.warnings.append(REMOVED)
    previous = ids[0][1] if ids else None
    now = ids[1][1] if len(ids) > 1 else None
    return msgspec.structs.replace(
        message, previous_id=message.previous_id or previous, user_id=message.user_id or now, merge_properties=None
    )
