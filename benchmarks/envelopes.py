"""The bodies that the load generator posts: the same product view in the words of each protocol, every event with its own id.

How they are sent belongs to `load`.
"""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

ITEM = {"product_id": "417", "name": "Product", "category": "Shoes", "price": "59.90", "quantity": 1, "currency": "EUR"}
PAGE = b"https://shop.example/products/%(product)d?utm_source=mail&utm_medium=crm"
IGLU = "iglu:com.snowplowanalytics.snowplow"


class Envelope(NamedTuple):
    """How a batch is written: `event` takes run, number, instant, millis (the same instant), visitor and product."""

    before: bytes
    between: bytes
    after: bytes
    event: bytes


def coded(value: dict[str, Any]) -> bytes:
    """URL-safe base64 without padding, as Snowplow's browser tracker writes it."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=")


def entity(name: str, version: str, data: dict[str, Any], vendor: str = IGLU) -> dict[str, Any]:
    """A self-describing JSON."""
    return {"schema": f"{vendor}{name}/jsonschema/{version}", "data": data}


def native(before: bytes, between: bytes, after: bytes) -> Envelope:
    """The native event, in a batch or as rows."""
    event = (
        b'{"event_id":"%(run)s-0000-7000-8000-%(number)012x","name":"product_viewed","time":"%(instant)s",'
        b'"anonymous_id":"visitor-%(visitor)d","session_id":"session-%(visitor)d","sequence":%(product)d,'
        b'"page":{"url":"' + PAGE + b'","title":"A product of our shop",'
        b'"referrer":"https://shop.example/"},"items":[' + json.dumps(ITEM).encode() + b"]}"
    )
    return Envelope(before, between, after, event)


def snowplow() -> Envelope:
    """tp2 as the browser tracker with its e-commerce plugin sends it: one entity each for product, page and session."""
    action = entity(".ecommerce/snowplow_ecommerce_action", "1-0-2", {"type": "product_view"})
    product = {"id": "417", "name": "Product", "category": "Shoes", "price": 59.9, "quantity": 1, "currency": "EUR"}
    session = {
        "userId": "5d79770b-015b-4af8-8c91-b2ed6faf4b1e",
        "sessionId": "56ae1f8b-3bd3-4f3e-9d1e-2b3fbb1a1f5e",
        "eventIndex": 7,
        "sessionIndex": 1,
        "storageMechanism": "COOKIE_1",
    }
    entities = [
        entity(".ecommerce/product", "1-0-0", product),
        entity("/web_page", "1-0-0", {"id": "0f6c2ec4-1c7f-4b0f-8a0c-1d6a7f1f0f3e"}),
        entity("/client_session", "1-0-2", session),
    ]
    event = (
        b'{"e":"ue","eid":"%(run)s-0000-4000-8000-%(number)012x","dtm":"%(millis)d","tv":"js-4.10.1","tna":"sp","aid":"shop",'
        b'"p":"web","duid":"visitor-%(visitor)d","sid":"56ae1f8b-3bd3-4f3e-9d1e-2b3fbb1a1f5e","vid":"1","lang":"en","tz":"UTC",'
        b'"url":"' + PAGE + b'","page":"A product of our shop","refr":"https://shop.example/",'
        b'"ue_px":"' + coded(entity("/unstruct_event", "1-0-0", action)) + b'",'
        b'"cx":"' + coded(entity("/contexts", "1-0-0", {"data": entities}) | {"data": entities}) + b'"}'
    )
    head = b'{"schema":"' + f"{IGLU}/payload_data/jsonschema/1-0-4".encode() + b'","data":['
    return Envelope(head, b",", b"]}", event)


def segment() -> Envelope:
    """A batch as Segment's libraries send it."""
    event = (
        b'{"type":"track","event":"Product Viewed","messageId":"node-next-%(number)d-%(run)s","timestamp":"%(instant)s",'
        b'"anonymousId":"visitor-%(visitor)d","properties":' + json.dumps(ITEM).encode() + b","
        b'"context":{"library":{"name":"analytics.js","version":"next-1.84.3"},"locale":"en-GB","timezone":"UTC",'
        b'"page":{"url":"' + PAGE + b'","path":"/products/%(product)d",'
        b'"title":"A product of our shop","referrer":"https://shop.example/"},'
        b'"campaign":{"source":"mail","medium":"crm"}}}'
    )
    return Envelope(b'{"batch":[', b",", b"]}", event)


ENVELOPES = {
    "native": native(b'{"events":[', b",", b"]}"),
    "rows": native(b"", b"\n", b"\n"),  # for ClickHouse, one JSON object a line
    "snowplow": snowplow(),
    "segment": segment(),
}
