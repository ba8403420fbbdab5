"""The simulator's events as Segment's libraries send them, in the names of its e-commerce specification.

Written from the native form, so that every protocol tells the same story; what the native form holds belongs to `wire.py`.
"""

from __future__ import annotations

from typing import Any

import msgspec

Fields = dict[str, Any]
NAMES = {
    "product_impression": "Product List Viewed",
    "product_clicked": "Product Clicked",
    "product_viewed": "Product Viewed",
    "product_added": "Product Added",
    "product_removed": "Product Removed",
    "cart_viewed": "Cart Viewed",
    "checkout_started": "Checkout Started",
    "checkout_step": "Checkout Step Viewed",
    "order_completed": "Order Completed",
    "search_performed": "Products Searched",
}
SINGLE = frozenset({"product_clicked", "product_viewed", "product_added", "product_removed"})  # one product, without a list
CALLS = {"page_viewed": "page", "identify": "identify"}

_encode = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical").encode


def segment_event(body: Fields) -> bytes:
    """A native event as one message of a batch."""
    name = body["name"]
    call = CALLS.get(name, "track")
    said: Fields = {
        "type": call,
        "messageId": f"sim-{body['event_id']}",
        "timestamp": body["time"],
        "anonymousId": body["anonymous_id"],
        "userId": body.get("user_id"),
        "context": _context(body),
    }
    if call == "track":
        said["event"] = NAMES[name]
        said["properties"] = _properties(body)
    elif call == "page":
        said["properties"] = _page(body)
    return _encode(said)


def segment_body(events: list[bytes]) -> bytes:
    """A request of these messages."""
    return b'{"batch":[' + b",".join(events) + b"]}"


def _context(body: Fields) -> Fields:
    client = body["client"]
    context: Fields = {
        "library": {"name": "analytics.js", "version": client["tracker_version"]},
        "locale": client["locale"],
        "timezone": client["timezone"],
        "page": _page(body),
        "sessionId": body["session_id"],
    }
    if "campaign" in body:
        context["campaign"] = body["campaign"]
    if "consent" in body:
        context["consent"] = {"categoryPreferences": body["consent"]}
    return context


def _page(body: Fields) -> Fields:
    return {name: body["page"][name] for name in ("url", "title", "referrer") if name in body["page"]}


def _properties(body: Fields) -> Fields:
    said: Fields = {}
    items = body.get("items", [])
    if body["name"] in SINGLE:
        said |= items[0]
    elif items:
        said["products"] = items
    if "list" in body:
        said["list_id"] = body["list"]["list_id"]
        said["category"] = body["list"]["name"]
    if "cart" in body:
        said["cart_id"] = body["cart"]["cart_id"]
    if "search" in body:
        said["query"] = body["search"]["query"]
    if "checkout" in body:
        said["step"] = body["checkout"]["step"]
    if "order" in body:
        order = body["order"]
        said |= {"order_id": order["order_id"], "total": order["value"], "currency": order["currency"]}
    return said
