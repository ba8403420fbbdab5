"""Events as the native protocol carries them (`POST /v1/events`), as JSON bytes.

The field names are those of `gxy_analytics.contracts.events`; sending them belongs to `sender.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from gxy_analytics.demo.catalogue import Catalogue
from gxy_analytics.demo.money import as_decimal
from gxy_analytics.demo.people import LOCALES
from gxy_analytics.demo.shoppers import VIEWPORTS
from gxy_analytics.demo.visits import Event, Item

TRACKER_VERSION = "gxy-simulator"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODER = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical")


@dataclass(frozen=True)
class Ids:
    """Numeric keys the backend gave: products by index, customers by e-mail, orders by number."""

    products: Mapping[int, int]
    customers: Mapping[str, int]
    orders: Mapping[str, int]


def encode_event(event: Event, catalogue: Catalogue, ids: Ids) -> bytes:
    """`event` as JSON of the native protocol."""
    return native_event(native_form(event, catalogue, ids))


def native_event(form: dict[str, Any]) -> bytes:
    """The form as JSON."""
    return _ENCODER.encode(form)


def native_body(events: list[bytes]) -> bytes:
    """A request of these events."""
    return b'{"events":[' + b",".join(events) + b"]}"


def native_form(event: Event, catalogue: Catalogue, ids: Ids) -> dict[str, Any]:
    """The fields of `event`. `user_id` is customers.id, `product_id` products.id and `order_id` orders.id, each as a string."""
    shopper = event.shopper
    body: dict[str, Any] = {
        "event_id": event.event_id,
        "name": event.name,
        "time": EPOCH + timedelta(milliseconds=event.at_ms),
        "anonymous_id": shopper.visitor,
        "session_id": event.session,
        "sequence": event.sequence,
        "client": {
            "locale": LOCALES[shopper.country].language,
            "timezone": catalogue.shop.timezone,
            "viewport": VIEWPORTS[shopper.device],
            "platform": "web" if shopper.device == "desktop" else "mob",
            "tracker_version": TRACKER_VERSION,
        },
        **event.fields,
    }
    if event.user:
        body["user_id"] = str(ids.customers[event.user.email])
    if event.items:
        body["items"] = [_item(item, catalogue, ids) for item in event.items]
    if event.order:
        order_id = str(ids.orders[event.order.number])
        body["order"] = {"order_id": order_id, "value": as_decimal(event.order.grand_total), "currency": catalogue.shop.currency}
    return body


def encode_broken(event_id: UUID, at_ms: int, kind: int) -> bytes:
    """An event the ingest service must answer with `drop`: no name, no id, or a name longer than any (`kind` 0, 1, 2)."""
    body: dict[str, object] = {"event_id": event_id, "name": "page_viewed", "time": EPOCH + timedelta(milliseconds=at_ms)}
    if kind == 0:
        del body["name"]
    elif kind == 1:
        del body["event_id"]
    else:
        body["name"] = "x" * 300
    return _ENCODER.encode(body)


def _item(item: Item, catalogue: Catalogue, ids: Ids) -> dict[str, object]:
    product = item.product
    shown: dict[str, object] = {
        "product_id": str(ids.products[product.index]),
        "sku": product.sku,
        "name": product.name,
        "category": catalogue.categories[product.category],
        "brand": product.brand,
        "price": as_decimal(product.price),
        "quantity": item.quantity,
        "currency": catalogue.shop.currency,
    }
    if item.position:
        shown["position"] = item.position
    return shown
