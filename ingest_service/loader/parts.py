"""Columns of an event's parts (order, search, client, …): which field fills which column, and how a kind of column is made.

Parts that need more than that (page, campaign, items) are in `assemble`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from ingest_service.loader.arrays import counts, maps, money, texts, transpose
from ingest_service.loader.columns import MONEY, RAW_EVENTS, STRING
from ingest_service.loader.draft import Draft
from ingest_service.loader.event import Checkout, Client, Engagement, Order, ProductList, Promotion, Search

NULLABLE = frozenset({"search_result_count", "search_page_results", "order_quantity", "checkout_step"})  # 0 means something else

# event attribute -> (its struct, field -> column). Cart and link share columns with others: see `assemble`.
PARTS: dict[str, tuple[type[msgspec.Struct], dict[str, str]]] = {
    "client": (
        Client,
        {
            "locale": "locale",
            "timezone": "client_timezone",
            "viewport": "viewport",
            "platform": "platform",
            "tracker_version": "tracker_version",
            "tracker_namespace": "tracker_namespace",
            "screen": "screen",
            "document": "document_size",
        },
    ),
    "search": (
        Search,
        {
            "query": "search_query",
            "result_count": "search_result_count",
            "page_results": "search_page_results",
            "filters": "search_filters",
        },
    ),
    "product_list": (
        ProductList,
        {
            "list_id": "list_id",
            "name": "list_name",
            "category": "list_category",
            "filters": "list_filters",
            "sorts": "list_sorts",
        },
    ),
    "order": (
        Order,
        {
            "order_id": "order_id",
            "value": "order_value",
            "subtotal": "order_subtotal",
            "tax": "order_tax",
            "shipping": "order_shipping",
            "discount": "order_discount",
            "coupon": "coupon",
            "affiliation": "affiliation",
            "quantity": "order_quantity",
        },
    ),
    "checkout": (
        Checkout,
        {
            "checkout_id": "checkout_id",
            "step": "checkout_step",
            "option": "checkout_option",
            "shipping_method": "shipping_method",
        },
    ),
    "promotion": (
        Promotion,
        {
            "promotion_id": "promotion_id",
            "name": "promotion_name",
            "creative": "promotion_creative",
            "slot": "promotion_slot",
            "position": "promotion_position",
            "type": "promotion_type",
        },
    ),
    "engagement": (Engagement, {name: name for name in Engagement.__struct_fields__}),
}


def part_columns(draft: Draft, fields: dict[str, Sequence[Any]]) -> dict[str, pa.Array]:
    """The columns of every part that an event of the batch has. Amounts that cannot be read cost a warning."""
    columns: dict[str, pa.Array] = {}
    for attribute, (kind, names) in PARTS.items():
        found = fields[attribute]
        if not any(found):
            continue
        nothing = kind()
        values = transpose([part or nothing for part in found], kind)
        for name, column in names.items():
            columns[column] = _column(draft, values[name], column, f"/{attribute}/{name}")
    return columns


def _column(draft: Draft, values: Sequence[Any], column: str, pointer: str) -> pa.Array:
    made = RAW_EVENTS.field(column).type
    if made == STRING:
        return texts(values)
    if made == MONEY:
        return amounts(draft, values, pointer)
    if pa.types.is_map(made):
        return maps([tuple(value.items()) for value in values], made)
    return pa.array(values, made) if column in NULLABLE else counts(values, made)


def amounts(draft: Draft, values: Sequence[Any], pointer: str, row_of: Callable[[int], int] = int) -> pa.Array:
    """Amounts from their JSON text; `row_of` names the event of a value that is warned about."""
    column, bad = money(values)
    for position in bad:
        draft.warn(row_of(position), f"invalid:{pointer}")
    return column
