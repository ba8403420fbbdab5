"""One call as it stands in a body, decoded once: what decides is typed by hand later, for no wrong type may cost an event."""

from __future__ import annotations

from typing import Any

import msgspec

from ingest_service.loader.event import NOTHING
from ingest_service.protocols.digits import exact, tolerant


class Message(msgspec.Struct, gc=False, rename="camel"):
    """A call. `context` stays JSON text: the calls of one page share it, and it is read once."""

    type: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    message_id: Any = None
    anonymous_id: Any = None
    user_id: Any = None
    previous_id: Any = None
    group_id: Any = None
    properties: Any = None
    traits: Any = None
    context: msgspec.Raw = NOTHING
    channel: Any = None
    original_timestamp: Any = None
    timestamp: Any = None
    sent_at: Any = None
    merge_properties: Any = None


class Body(msgspec.Struct, rename="camel"):
    """A request's body: a batch, or one call, of which this reads only the sending time."""

    batch: list[msgspec.Raw] | None = None
    sent_at: Any = None
    context: msgspec.Raw = NOTHING


decode_body = tolerant(msgspec.json.Decoder(Body, float_hook=exact).decode)
decode_message = tolerant(msgspec.json.Decoder(Message, float_hook=exact).decode)
decode_any = tolerant(msgspec.json.Decoder(float_hook=exact).decode)
decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
encode = msgspec.json.Encoder().encode
encode_sorted = msgspec.json.Encoder(order="sorted").encode
