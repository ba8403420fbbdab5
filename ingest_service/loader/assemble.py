"""Rows of raw.events from a draft: column by column, never row by row. Columns that are empty in the whole batch are left out.

Reading values belongs to `arrays`, the clock to `timing`; the order and types of columns to `columns`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingest_service.loader.arrays import counts, lists, maps, money, raw_texts, texts, transpose, uuids
from ingest_service.loader.columns import INSTANT, RAW_EVENTS
from ingest_service.loader.draft import Draft
from ingest_service.loader.event import Campaign, Cart, Client, Event, Item, Order, Page, ProductList, Search
from ingest_service.loader.timing import Timed
from ingest_service.loader.web import AddressBook

Columns = dict[str, pa.Array]
Fields = dict[str, Sequence[Any]]
CustomerPid = Callable[[str, str], str]
UUID_NAMESPACE = uuid.UUID("6f0ed6a4-54ba-5d0e-9d0c-5a7f6a3b8c11")  # of ids that are no UUID themselves
CAMPAIGN_PARTS = ("source", "medium", "name", "term", "content")


def event_rows(
    draft: Draft, timed: Timed, where: tuple[str, int], loaded_ms: int, pid: CustomerPid, book: AddressBook
) -> pa.Table:
    """The draft's events as rows. `where` is (slot, segment); `pid` names a customer (tenant id, user id)."""
    fields = transpose(draft.events, Event)
    columns = {
        **_origin(draft, where, loaded_ms),
        **_identity(draft, fields, pid),
        **_times(draft, timed),
        **_page(fields, book),
        **_client(fields),
        **_search(fields),
        **_cart(draft, fields),
        **_items(draft, fields),
        **_rest(draft, fields),
    }
    present = [field for field in RAW_EVENTS if field.name in columns]
    return pa.table([columns[field.name].cast(field.type) for field in present], schema=pa.schema(present))


def _origin(draft: Draft, where: tuple[str, int], loaded_ms: int) -> Columns:
    rows = len(draft.events)
    owner = pa.array(draft.owner, pa.int32())
    requests = draft.requests
    return {
        "tenant_id": texts([request.tenant_id for request in requests]).take(owner),
        "protocol": texts([request.protocol for request in requests]).take(owner),
        "received_at": pa.array([request.received_ms for request in requests], pa.int64()).take(owner),
        "sent_at": pa.array([request.sent_ms for request in requests], pa.int64()).take(owner),
        "ip_truncated": texts([request.ip_truncated for request in requests]).take(owner),
        "user_agent": texts([request.user_agent for request in requests]).take(owner),
        "ingest_offset": pa.array([request.offset for request in requests], pa.uint64()).take(owner),
        "ingest_index": pa.array(draft.index, pa.uint32()),
        "ingest_node": pa.repeat(pa.scalar(where[0]), rows),
        "ingest_segment": pa.repeat(pa.scalar(where[1], pa.uint64()), rows),
        "loaded_at": pa.repeat(pa.scalar(loaded_ms, INSTANT), rows),
    }


def _identity(draft: Draft, fields: Fields, pid: CustomerPid) -> Columns:
    ids = texts(fields["event_id"])
    tenants = [request.tenant_id for request in draft.requests]
    pids = [
        "" if user is None or user == "" else pid(tenants[owner], str(user))
        for owner, user in zip(draft.owner, fields["user_id"], strict=True)
    ]
    return {
        "event_id": uuids(ids, lambda row, given: uuid.uuid5(UUID_NAMESPACE, f"{tenants[draft.owner[row]]}\0{given}")),
        "client_event_id": ids,
        "name": texts(fields["name"]),
        "anonymous_id": texts(fields["anonymous_id"]),
        "customer_pid": texts(pids),
        "session_id": texts(fields["session_id"]),
        "session_index": counts(fields["session_index"], pa.uint32()),
        "session_seq": counts(fields["sequence"], pa.uint32()),
        "page_view_id": texts(fields["page_view_id"]),
    }


def _times(draft: Draft, timed: Timed) -> Columns:
    received = pa.array([request.received_ms for request in draft.requests], pa.int64()).take(pa.array(draft.owner, pa.int32()))
    event_ms = pa.array(timed.event_ms, pa.int64())
    return {
        "event_time": event_ms,
        "time_source": pa.array(timed.sources, pa.string()),
        "created_at": pa.array(timed.created_ms, pa.int64()),
        "skew_ms": pa.array(timed.skew_ms, pa.int64()),
        "lateness_ms": pc.subtract(received, event_ms),
        "is_historical": pa.array(timed.historical, pa.bool_()),
    }


def _page(fields: Fields, book: AddressBook) -> Columns:
    """Page, referrer, campaign and click ids. Each distinct address is taken apart once and its parts are spread."""
    pages = transpose([page or _NO_PAGE for page in fields["page"]], Page)
    urls = texts(pages["url"]).dictionary_encode()
    referrers = texts(pages["referrer"]).dictionary_encode()
    found = [book[url] for url in urls.dictionary.to_pylist()]
    columns: Columns = {
        "page_url": texts([address.url for address in found]).take(urls.indices),
        "page_host": texts([address.host for address in found]).take(urls.indices),
        "page_path": texts([address.path for address in found]).take(urls.indices),
        "page_title": texts(pages["title"]),
        "page_referrer": texts([book[url].url for url in referrers.dictionary.to_pylist()]).take(referrers.indices),
        "click_ids": maps([address.click_ids for address in found], RAW_EVENTS.field("click_ids").type).take(urls.indices),
    }
    for position, part in enumerate(CAMPAIGN_PARTS):
        columns[f"campaign_{part}"] = texts([address.campaign[position] for address in found]).take(urls.indices)
    if any(fields["campaign"]):
        columns |= _told_campaign(fields, columns)
    return columns


def _told_campaign(fields: Fields, read: Columns) -> Columns:
    """What the client says of its campaign comes before what its address says."""
    told = transpose([campaign or _NO_CAMPAIGN for campaign in fields["campaign"]], Campaign)
    columns: Columns = {}
    for part in CAMPAIGN_PARTS:
        given = texts(told[part])
        columns[f"campaign_{part}"] = pc.if_else(pc.equal(given, ""), read[f"campaign_{part}"], given)
    if any(told["click_ids"]):
        pairs = [tuple(own.items()) or other for own, other in zip(told["click_ids"], read["click_ids"].to_pylist(), strict=True)]
        columns["click_ids"] = maps(pairs, RAW_EVENTS.field("click_ids").type)
    return columns


def _client(fields: Fields) -> Columns:
    if not any(fields["client"]):
        return {}
    known = transpose([client or _NO_CLIENT for client in fields["client"]], Client)
    return {
        "locale": texts(known["locale"]),
        "client_timezone": texts(known["timezone"]),
        "viewport": texts(known["viewport"]),
        "platform": texts(known["platform"]),
        "tracker_version": texts(known["tracker_version"]),
    }


def _search(fields: Fields) -> Columns:
    """Search and list: each only where an event of the batch has one."""
    columns: Columns = {}
    if any(fields["search"]):
        searches = transpose([search or _NO_SEARCH for search in fields["search"]], Search)
        columns["search_query"] = texts(searches["query"])
        columns["search_result_count"] = pa.array(searches["result_count"], pa.uint32())
    if any(fields["product_list"]):
        shown = transpose([one or _NO_LIST for one in fields["product_list"]], ProductList)
        columns["list_id"] = texts(shown["list_id"])
        columns["list_name"] = texts(shown["name"])
    return columns


def _cart(draft: Draft, fields: Fields) -> Columns:
    if not any(fields["cart"]) and not any(fields["order"]):
        return {}
    carts = transpose([cart or _NO_CART for cart in fields["cart"]], Cart)
    orders = transpose([order or _NO_ORDER for order in fields["order"]], Order)
    currency = texts(orders["currency"])
    return {
        "cart_id": texts(carts["cart_id"]),
        "cart_value": _amounts(draft, carts["value"], "/cart/value"),
        "order_id": texts(orders["order_id"]),
        "order_value": _amounts(draft, orders["value"], "/order/value"),
        "currency": pc.if_else(pc.equal(currency, ""), texts(carts["currency"]), currency),
    }


def _items(draft: Draft, fields: Fields) -> Columns:
    lengths = list(map(len, fields["items"]))
    flat = list(chain.from_iterable(fields["items"]))
    if not flat:
        return {}
    given = transpose(flat, Item)
    prices, bad = money(given["price"])
    if bad:
        row_of = [row for row, length in enumerate(lengths) for _ in range(length)]
        for position in bad:
            draft.warn(row_of[position], "invalid:/items/price")
    columns = {
        **{name: texts(given[name]) for name in _ITEM_TEXTS},
        "price": prices,
        "quantity": pa.array(given["quantity"], pa.uint32()).fill_null(1),
        "position": counts(given["position"], pa.uint32()),
    }
    return {f"items.{name}": lists(lengths, column) for name, column in columns.items()}


def _amounts(draft: Draft, values: Sequence[Any], pointer: str) -> pa.Array:
    column, bad = money(values)
    for row in bad:
        draft.warn(row, f"invalid:{pointer}")
    return column


def _rest(draft: Draft, fields: Fields) -> Columns:
    """Consent, properties and, last of all, the warnings that the other columns gave."""
    columns: Columns = {}
    if any(fields["consent"]):
        given = [tuple(consent.items()) for consent in fields["consent"]]
        columns["consent"] = maps(given, RAW_EVENTS.field("consent").type)
    columns["properties"] = raw_texts(_properties(draft, fields))
    if draft.warnings:
        rows = [list(dict.fromkeys(draft.warnings.get(row, ()))) for row in range(len(draft.events))]
        columns["warnings"] = lists(map(len, rows), texts(list(chain.from_iterable(rows))))
    return columns


def _properties(draft: Draft, fields: Fields) -> list[bytes]:
    """JSON text of each event's properties; what is no object is put into one."""
    found = [bytes(properties) or b"{}" for properties in fields["properties"]]
    for row, value in enumerate(found):
        if value[:1] != b"{":
            found[row] = b"{}" if value == b"null" else b'{"properties":' + value + b"}"
            if value != b"null":
                draft.warn(row, "invalid:/properties")
    return found


_NO_PAGE, _NO_CAMPAIGN, _NO_CLIENT = Page(), Campaign(), Client()
_NO_SEARCH, _NO_LIST, _NO_CART, _NO_ORDER = Search(), ProductList(), Cart(), Order()
_ITEM_TEXTS = ("product_id", "sku", "name", "category", "brand", "variant", "currency")
