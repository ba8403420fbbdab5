"""The simulator's events as Snowplow's browser tracker sends them, with its e-commerce plugin.

Written from the native form, so that every protocol tells the same story; what the native form holds belongs to `wire.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

SNOWPLOW = "iglu:com.snowplowanalytics.snowplow"
OWN = "iglu:com.gxy"
PAYLOAD = f"{SNOWPLOW}/payload_data/jsonschema/1-0-4"
Fields = dict[str, Any]

_encode = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical").encode


def snowplow_event(body: Fields) -> bytes:
    """A native event as one object of a tp2 payload: text values only."""
    page, client = body["page"], body["client"]
    said: Fields = {
        "eid": str(body["event_id"]),
        "dtm": str(_millis(body["time"])),
        "tv": client["tracker_version"],
        "tna": "sp",
        "aid": "storefront",
        "p": client["platform"],
        "lang": client["locale"],
        "tz": client["timezone"],
        "vp": client["viewport"],
        "duid": str(body["anonymous_id"]),
        "sid": str(body["session_id"]),
        "url": page["url"],
        "page": page["title"],
        **({"refr": page["referrer"]} if "referrer" in page else {}),
        **({"uid": body["user_id"]} if "user_id" in body else {}),
    }
    entities = [_entity(f"{SNOWPLOW}/client_session", "1-0-2", _session(body))]
    if body["name"] == "page_viewed":
        said["e"] = "pv"
    else:
        said["e"] = "ue"
        schema, data, own = WORDS.get(body["name"], _other)(body)
        said["ue_px"] = _coded(
            {"schema": f"{SNOWPLOW}/unstruct_event/jsonschema/1-0-0", "data": {"schema": schema, "data": data}}
        )
        entities += own
    said["cx"] = _coded({"schema": f"{SNOWPLOW}/contexts/jsonschema/1-0-0", "data": entities})
    return _encode(said)


def snowplow_body(events: list[bytes]) -> bytes:
    """A request of these events."""
    return b'{"schema":"' + PAYLOAD.encode() + b'","data":[' + b",".join(events) + b"]}"


def _action(kind: str) -> Callable[[Fields], tuple[str, Fields, list[Fields]]]:
    def words(body: Fields) -> tuple[str, Fields, list[Fields]]:
        listed = {"name": body["list"]["name"]} if "list" in body else {}
        return (
            _schema("snowplow_ecommerce_action", "1-0-2"),
            {"type": kind, **listed},
            _products(body) + _cart(body) + _order(body),
        )

    return words


def _search(body: Fields) -> tuple[str, Fields, list[Fields]]:
    search = body["search"]
    data = {"terms": search["query"].split(), "totalResults": search["result_count"]}
    return f"{SNOWPLOW}/site_search/jsonschema/1-0-0", data, []


def _checkout(body: Fields) -> tuple[str, Fields, list[Fields]]:
    step = {"step": body.get("checkout", {}).get("step", 0) + 1}  # the plugin has no other word for a checkout's start
    entities = [_entity(f"{SNOWPLOW}.ecommerce/checkout_step", "1-0-0", step), *_cart(body)]
    return _schema("snowplow_ecommerce_action", "1-0-2"), {"type": "checkout_step"}, entities


def _other(body: Fields) -> tuple[str, Fields, list[Fields]]:
    name = "cart_view" if body["name"] == "cart_viewed" else body["name"]
    return f"{OWN}/{name}/jsonschema/1-0-0", {}, _products(body) + _cart(body)


WORDS: dict[str, Callable[[Fields], tuple[str, Fields, list[Fields]]]] = {
    "product_impression": _action("list_view"),
    "product_clicked": _action("list_click"),
    "product_viewed": _action("product_view"),
    "product_added": _action("add_to_cart"),
    "product_removed": _action("remove_from_cart"),
    "order_completed": _action("transaction"),
    "checkout_started": _checkout,
    "checkout_step": _checkout,
    "search_performed": _search,
}


def _products(body: Fields) -> list[Fields]:
    kept = ("name", "category", "brand", "price", "quantity", "position", "currency")
    return [
        _entity(
            f"{SNOWPLOW}.ecommerce/product",
            "1-0-0",
            {"id": item["product_id"], **{name: item[name] for name in kept if name in item}},
        )
        for item in body.get("items", ())
    ]


def _cart(body: Fields) -> list[Fields]:
    if "cart" not in body:
        return []
    cart = body["cart"]
    data = {"cart_id": cart["cart_id"], "total_value": cart["value"], "currency": cart["currency"]}
    return [_entity(f"{SNOWPLOW}.ecommerce/cart", "1-0-0", data)]


def _order(body: Fields) -> list[Fields]:
    if "order" not in body:
        return []
    order = body["order"]
    units = sum(item["quantity"] for item in body["items"])
    data = {
        "transaction_id": order["order_id"],
        "revenue": order["value"],
        "currency": order["currency"],
        "total_quantity": units,
    }
    return [_entity(f"{SNOWPLOW}.ecommerce/transaction", "1-0-0", data)]


def _session(body: Fields) -> Fields:
    return {
        "userId": body["anonymous_id"],
        "sessionId": body["session_id"],
        "sessionIndex": 1,
        "eventIndex": body["sequence"],
        "storageMechanism": "COOKIE_1",
    }


def _schema(name: str, version: str) -> str:
    return f"{SNOWPLOW}.ecommerce/{name}/jsonschema/{version}"


def _entity(path: str, version: str, data: Fields) -> Fields:
    return {"schema": f"{path}/jsonschema/{version}", "data": data}


def _coded(value: Fields) -> str:
    return base64.urlsafe_b64encode(_encode(value)).rstrip(b"=").decode()


def _millis(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
