"""Rows of raw.events from a draft: column by column, never row by row. Columns that are empty in the whole batch are left out.

Reading values belongs to `arrays`, the clock to `timing`; the order and types of columns to `columns`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from itertools import chain
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ingest_service.loader.arrays import counts, is_uuid, lists, maps, money, raw_texts, texts
from ingest_service.loader.columns import INSTANT, RAW_EVENTS
from ingest_service.loader.draft import Draft
from ingest_service.loader.event import Campaign, Cart, Client, Event, Item, Order, Page, ProductList, Search
from ingest_service.loader.timing import Timed
from ingest_service.loader.web import AddressBook

Columns = dict[str, pa.Array]
CustomerPid = Callable[[str, str], str]
UUID_NAMESPACE = uuid.UUID("6f0ed6a4-54ba-5d0e-9d0c-5a7f6a3b8c11")  # of ids that are no UUID themselves
LONGEST_LABEL = 255  # characters of a LowCardinality column; its dictionary is no place for essays


def event_rows(
    draft: Draft, timed: Timed, where: tuple[str, int], loaded_ms: int, pid: CustomerPid, book: AddressBook
) -> pa.Table:
    """The draft's events as rows. `where` is (slot, segment); `pid` names a customer (tenant id, user id)."""
    columns: Columns = {}
    columns |= _origin(draft, where, loaded_ms)
    columns |= _identity(draft, pid)
    columns |= _times(draft, timed)
    columns |= _page(draft, book)
    columns |= _client(draft)
    columns |= _commerce(draft)
    columns |= _items(draft)
    columns |= _rest(draft)
    present = [field for field in RAW_EVENTS if field.name in columns]
    return pa.table([columns[field.name].cast(field.type) for field in present], schema=pa.schema(present))


def _origin(draft: Draft, where: tuple[str, int], loaded_ms: int) -> Columns:
    rows = len(draft.events)
    owner = pa.array(draft.owner, pa.int32())
    slot, segment = where

    def spread(values: list[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(owner)

    return {
        "tenant_id": spread([request.tenant_id for request in draft.requests], pa.string()),
        "protocol": spread([request.protocol for request in draft.requests], pa.string()),
        "received_at": spread([request.received_ms for request in draft.requests], pa.int64()),
        "sent_at": spread([request.sent_ms for request in draft.requests], pa.int64()),
        "ip_truncated": spread([request.ip_truncated for request in draft.requests], pa.string()),
        "user_agent": texts([request.user_agent for request in draft.requests]).take(owner),
        "ingest_offset": spread([request.offset for request in draft.requests], pa.uint64()),
        "ingest_index": pa.array(draft.index, pa.uint32()),
        "ingest_node": pa.repeat(pa.scalar(slot), rows),
        "ingest_segment": pa.repeat(pa.scalar(segment, pa.uint64()), rows),
        "loaded_at": pa.repeat(pa.scalar(loaded_ms, INSTANT), rows),
    }


def _identity(draft: Draft, pid: CustomerPid) -> Columns:
    events = draft.events
    ids = texts([event.event_id for event in events])
    pids = [
        pid(draft.requests[owner].tenant_id, str(event.user_id)) if event.user_id not in (None, "") else ""
        for owner, event in zip(draft.owner, events, strict=True)
    ]
    return {
        "event_id": _event_ids(draft, ids),
        "client_event_id": ids,
        "name": texts([event.name for event in events]),
        "anonymous_id": texts([event.anonymous_id for event in events]),
        "customer_pid": pa.array(pids, pa.string()),
        "session_id": texts([event.session_id for event in events]),
        "session_index": counts([event.session_index for event in events], pa.uint32()),
        "session_seq": counts([event.sequence for event in events], pa.uint32()),
        "page_view_id": texts([event.page_view_id for event in events]),
    }


def _event_ids(draft: Draft, ids: pa.Array) -> pa.Array:
    """The UUIDs as 16 bytes: the client's own, else UUIDv5 of tenant and id."""
    values = ids.to_pylist()
    odd = set(is_uuid(ids))
    return pa.array(
        [
            uuid.uuid5(UUID_NAMESPACE, f"{draft.requests[draft.owner[row]].tenant_id}\0{value}").bytes
            if row in odd
            else bytes.fromhex(value.replace("-", ""))
            for row, value in enumerate(values)
        ],
        pa.binary(16),
    )


def _times(draft: Draft, timed: Timed) -> Columns:
    received = pa.array([draft.requests[owner].received_ms for owner in draft.owner], pa.int64())
    event_ms = pa.array(timed.event_ms, pa.int64())
    return {
        "event_time": event_ms,
        "time_source": pa.array(timed.sources, pa.string()),
        "created_at": pa.array(timed.created_ms, pa.int64()),
        "skew_ms": pa.array(timed.skew_ms, pa.int64()),
        "lateness_ms": pc.subtract(received, event_ms),
        "is_historical": pa.array(timed.historical, pa.bool_()),
    }


def _page(draft: Draft, book: AddressBook) -> Columns:
    pages = [event.page or _NO_PAGE for event in draft.events]
    addresses = [book[page.url or ""] for page in pages]
    campaigns = [event.campaign or _NO_CAMPAIGN for event in draft.events]
    columns: Columns = {
        "page_url": texts([address.url for address in addresses]),
        "page_host": texts([address.host for address in addresses]),
        "page_path": texts([address.path for address in addresses]),
        "page_title": texts([page.title for page in pages]),
        "page_referrer": texts([book[page.referrer or ""].url for page in pages]),
    }
    for position, part in enumerate(("source", "medium", "name", "term", "content")):
        columns[f"campaign_{part}"] = texts(
            [
                getattr(campaign, part) or address.campaign[position]
                for campaign, address in zip(campaigns, addresses, strict=True)
            ]
        )
    clicks = [
        tuple(campaign.click_ids.items()) or address.click_ids for campaign, address in zip(campaigns, addresses, strict=True)
    ]
    if any(clicks):
        columns["click_ids"] = maps(clicks, RAW_EVENTS.field("click_ids").type)
    return columns


def _client(draft: Draft) -> Columns:
    clients = [event.client for event in draft.events]
    if not any(clients):
        return {}
    known = [client or _NO_CLIENT for client in clients]
    return {
        "locale": texts([client.locale for client in known]),
        "client_timezone": texts([client.timezone for client in known]),
        "viewport": texts([client.viewport for client in known]),
        "platform": texts([client.platform for client in known]),
        "tracker_version": texts([client.tracker_version for client in known]),
    }


def _commerce(draft: Draft) -> Columns:
    """Search, list, cart and order: each only where an event of the batch has one."""
    columns: Columns = {}
    events = draft.events
    if any(event.search for event in events):
        searches = [event.search or _NO_SEARCH for event in events]
        columns["search_query"] = texts([search.query for search in searches])
        columns["search_result_count"] = pa.array([search.result_count for search in searches], pa.uint32())
    if any(event.product_list for event in events):
        shown = [event.product_list or _NO_LIST for event in events]
        columns["list_id"] = texts([one.list_id for one in shown])
        columns["list_name"] = texts([one.name for one in shown])
    if any(event.cart or event.order for event in events):
        carts = [event.cart or _NO_CART for event in events]
        orders = [event.order or _NO_ORDER for event in events]
        columns["cart_id"] = texts([cart.cart_id for cart in carts])
        columns["cart_value"] = _amounts(draft, [cart.value for cart in carts], "/cart/value")
        columns["order_id"] = texts([order.order_id for order in orders])
        columns["order_value"] = _amounts(draft, [order.value for order in orders], "/order/value")
        columns["currency"] = texts([order.currency or cart.currency for cart, order in zip(carts, orders, strict=True)])
    return columns


def _items(draft: Draft) -> Columns:
    rows = [event.items for event in draft.events]
    lengths = [len(items) for items in rows]
    flat: list[Item] = list(chain.from_iterable(rows))
    if not flat:
        return {}
    prices, bad = money([item.price for item in flat])
    _warn_items(draft, lengths, bad)
    columns = {
        **{name: texts([getattr(item, name) for item in flat]) for name in _ITEM_TEXTS},
        "price": prices,
        "quantity": pa.array([item.quantity for item in flat], pa.uint32()).fill_null(1),
        "position": counts([item.position for item in flat], pa.uint32()),
    }
    return {f"items.{name}": lists(lengths, column) for name, column in columns.items()}


def _warn_items(draft: Draft, lengths: list[int], bad: list[int]) -> None:
    if not bad:
        return
    row_of = [row for row, length in enumerate(lengths) for _ in range(length)]
    for position in bad:
        draft.warn(row_of[position], "invalid:/items/price")


def _amounts(draft: Draft, values: list[msgspec.Raw], pointer: str) -> pa.Array:
    column, bad = money(values)
    for row in bad:
        draft.warn(row, f"invalid:{pointer}")
    return column


def _rest(draft: Draft) -> Columns:
    """Consent, properties and, last of all, the warnings that the other columns gave."""
    columns: Columns = {}
    if any(event.consent for event in draft.events):
        given = [tuple(event.consent.items()) for event in draft.events]
        columns["consent"] = maps(given, RAW_EVENTS.field("consent").type)
    columns["properties"] = raw_texts(_properties(draft))
    if draft.warnings:
        rows = [list(dict.fromkeys(draft.warnings.get(row, ()))) for row in range(len(draft.events))]
        columns["warnings"] = lists(map(len, rows), texts(list(chain.from_iterable(rows))))
    return columns


def _properties(draft: Draft) -> list[bytes]:
    """JSON text of each event's properties; what is no object is put into one."""
    found = [bytes(event.properties) or b"{}" for event in draft.events]
    for row, value in enumerate(found):
        if value[:1] != b"{":
            found[row] = b"{}" if value == b"null" else b'{"properties":' + value + b"}"
            if value != b"null":
                draft.warn(row, "invalid:/properties")
    return found


_NO_PAGE, _NO_CAMPAIGN, _NO_CLIENT = Page(), Campaign(), Client()
_NO_SEARCH, _NO_LIST, _NO_CART, _NO_ORDER = Search(), ProductList(), Cart(), Order()
_ITEM_TEXTS = ("product_id", "sku", "name", "category", "brand", "variant", "currency")
__all__ = ["CustomerPid", "Event", "event_rows"]
