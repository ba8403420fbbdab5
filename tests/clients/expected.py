"""The shopper's path as rows of raw.events, and where a protocol may differ from them, as data with the reason.

Columns that depend on the machine, the clock or the tracker's own ids are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.clients.shopper import CANONICAL, shopper

Row = dict[str, Any]
ITEM = ("product_id", "name", "category", "brand", "variant", "price", "quantity", "position", "currency")
COLUMNS = (
    "name",
    "page_path",
    "page_title",
    "campaign_source",
    "campaign_medium",
    "campaign_name",
    "list_id",
    "list_name",
    "list_category",
    "search_query",
    "search_result_count",
    "cart_id",
    "cart_value",
    "checkout_step",
    "order_id",
    "order_value",
    "order_tax",
    "order_shipping",
    "coupon",
    "payment_method",
    "shipping_method",
    "currency",
)
PROJECTION = ", ".join((*COLUMNS, "arrayZip(" + ", ".join(f"items.{column}" for column in ITEM) + ") as items"))
EMPTY: Row = {column: "" for column in COLUMNS} | {"items": []}
NUMBERS = ("search_result_count", "cart_value", "checkout_step", "order_value", "order_tax", "order_shipping")


ACTIONS = "every event but the page view"
PAGE_VIEWED = "page_viewed"


@dataclass(frozen=True)
class Difference:
    """Clients of these names store something else in a column of an event (a name, or ACTIONS), because…"""

    clients: tuple[str, ...]
    event: str
    column: str
    value: Any
    reason: str


def expected_rows(differences: list[Difference]) -> list[Row]:
    """The path's rows, in the order of `in_order`, with what a client may say differently."""
    rows = [row for page in shopper()["pages"] for row in _rows_of(page)]
    for difference in differences:
        for row in rows:
            if difference.event in (row["name"], ACTIONS if row["name"] != PAGE_VIEWED else ""):
                row[difference.column] = difference.value
    return in_order(rows)


def in_order(rows: list[Row]) -> list[Row]:
    """Rows sorted by what they say: servers and browsers number them in their own ways."""
    return sorted(rows, key=lambda row: (row["name"], str(row)))


def _rows_of(page: dict[str, Any]) -> list[Row]:
    campaign = shopper()["campaign"] if page.get("query") else {}
    there = EMPTY | dict.fromkeys(NUMBERS) | {"page_path": page["path"], "page_title": page["title"]}
    there |= {f"campaign_{part}": value for part, value in campaign.items()}
    return [there | {"name": PAGE_VIEWED}, *(there | _told(done) for done in page["actions"])]


def _told(done: dict[str, Any]) -> Row:
    currency = shopper()["currency"]
    row: Row = {"name": CANONICAL[done["do"]]}
    row["items"] = items_of(done.get("items", [done["item"]] if "item" in done else []), currency)
    if "list" in done:
        row |= {"list_id": done["list"]["id"], "list_name": done["list"]["name"], "list_category": done["list"]["name"]}
    if "cart" in done:
        row |= {"cart_id": done["cart"]["id"], "cart_value": money(done["cart"]["value"]), "currency": currency}
    if "query" in done:
        row |= {"search_query": done["query"], "search_result_count": done["results"]}
    if "step" in done:
        row |= {"checkout_step": done["step"]} | {name: done[name] for name in ("payment_method", "shipping_method")}
    if "order" in done:
        row |= _order(done["order"], currency)
    return row


def _order(order: dict[str, Any], currency: str) -> Row:
    return {
        "order_id": order["id"],
        "order_value": money(order["value"]),
        "order_tax": money(order["tax"]),
        "order_shipping": money(order["shipping"]),
        "coupon": order["coupon"],
        "payment_method": order["payment_method"],
        "currency": currency,
    }


def items_of(items: list[dict[str, Any]], currency: str) -> list[tuple[Any, ...]]:
    """The items of a row."""
    told = [{"variant": "", "quantity": 1, "position": 0} | item for item in items]
    return [
        tuple((one | {"product_id": one["id"], "price": money(one["price"]), "currency": currency})[column] for column in ITEM)
        for one in told
    ]


def money(amount: float) -> Decimal:
    """As the column stores it."""
    return Decimal(str(amount)).quantize(Decimal("0.0001"))
