"""The shopper's path as native events, sent as docs/reference/events.md says: the protocol that the others are compared with."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx

from tests.clients.idioms import path_calls
from tests.clients.shopper import CANONICAL, shopper, url_of


def native_events() -> list[dict[str, Any]]:
    """The path, one event after the other by the client's clock."""
    now = int(time.time() * 1000)
    events = path_calls(_action, _page)
    visitor = shopper()["visitor"]
    return [
        {"event_id": str(uuid.uuid4()), "time": now + number, "sequence": number + 1, **visitor, **event}
        for number, event in enumerate(events)
    ]


def send_native(url: str, key: str) -> int:
    """Send the path; returns the number of events."""
    events = native_events()
    answer = httpx.post(f"{url}/v1/events", json={"events": events}, headers={"X-Write-Key": key})
    assert [result["status"] for result in answer.json()["results"]] == ["ok"] * len(events)
    return len(events)


def _page(page: dict[str, Any]) -> dict[str, Any]:
    where = {"url": url_of(page), "title": page["title"]}
    if page.get("query"):
        return {"name": "page_viewed", "page": where | {"referrer": shopper()["referrer"]}, "campaign": shopper()["campaign"]}
    return {"name": "page_viewed", "page": where}


def _action(done: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
    currency = shopper()["currency"]
    items = [_item(item) for item in done.get("items", [done["item"]] if "item" in done else [])]
    event: dict[str, Any] = {"name": CANONICAL[done["do"]], "page": {"url": url_of(page), "title": page["title"]}, "items": items}
    if "list" in done:
        event["list"] = {"list_id": done["list"]["id"], "name": done["list"]["name"], "category": done["list"]["name"]}
    if "cart" in done:
        event["cart"] = {"cart_id": done["cart"]["id"], "value": done["cart"]["value"], "currency": currency}
    if "query" in done:
        event["search"] = {"query": done["query"], "result_count": done["results"]}
    if "step" in done:
        event["checkout"] = {name: done[name] for name in ("step", "shipping_method", "payment_method")}
    if "order" in done:
        event["order"] = {"order_id" if name == "id" else name: value for name, value in done["order"].items()} | {
            "currency": currency
        }
    return event


def _item(item: dict[str, Any]) -> dict[str, Any]:
    return {"product_id" if name == "id" else name: value for name, value in item.items()} | {"currency": shopper()["currency"]}
