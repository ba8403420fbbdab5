"""Rows of raw.events from a draft: column by column, never row by row. Columns that are empty in the whole batch are left out.

Reading values belongs to `arrays`, the clock to `timing`; the order and types of columns to `columns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gxy_analytics.governance.vault.pseudonyms import CustomerPid
from ingest_service.enrich.enrich import Enrichment, Requests, enrich
from ingest_service.loader.arrays import counts, lists, maps, raw_texts, texts, transpose, uuids
from ingest_service.loader.columns import INSTANT, RAW_EVENTS
from ingest_service.loader.draft import Draft
from ingest_service.loader.event import Campaign, Cart, Event, Item, Link, Page, uuid_of
from ingest_service.loader.parts import amounts, part_columns
from ingest_service.loader.timing import Timed
from ingest_service.loader.web import AddressBook, kept_query, parse_address
from ingest_service.privacy import URL_PARAMETERS_NOTE

Columns = dict[str, pa.Array]
Fields = dict[str, Sequence[Any]]
CAMPAIGN_PARTS = ("source", "medium", "name", "term", "content")


def event_rows(
    draft: Draft, timed: Timed, where: tuple[str, int], loaded_ms: int, pid: CustomerPid, book: AddressBook, rules: Enrichment
) -> pa.Table:
    """The draft's events as rows. `where` is (slot, segment); `pid` names a customer (tenant id, user id); `rules` enrich."""
    fields = transpose(draft.events, Event)
    columns = {
        **_origin(draft, where, loaded_ms),
        **_identity(draft, fields, pid),
        **_times(draft, timed),
        **_page(draft, fields, book),
        **_signals(draft),
        **part_columns(draft, fields),
        **_bought(draft, fields),
        **_items(draft, fields),
        **_rest(draft, fields),
    }
    columns |= _enriched(draft, fields, columns, rules)
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
        "event_id": uuids(ids, lambda row, given: uuid_of(tenants[draft.owner[row]], given)),
        "client_event_id": ids,
        "name": texts(fields["name"]),
        "anonymous_id": texts(fields["anonymous_id"]),
        "customer_pid": texts(pids),
        "session_id": texts(fields["session_id"]),
        "session_index": counts(fields["session_index"], pa.uint32()),
        "session_seq": counts(fields["sequence"], pa.uint32()),
        "page_view_id": texts(fields["page_view_id"]),
        **{name: texts(fields[name]) for name in _RARE_TEXTS if any(fields[name])},
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
        **({"true_at": pa.array(timed.true_ms, pa.int64())} if timed.true_ms else {}),
    }


def _signals(draft: Draft) -> Columns:
    """What the visitor's browser said about privacy, where one said anything."""
    owner = pa.array(draft.owner, pa.int32())
    columns: Columns = {}
    for column, header in (("is_gpc", "sec-gpc"), ("is_dnt", "dnt")):
        said = [request.headers.get(header) == "1" for request in draft.requests]
        if any(said):
            columns[column] = pa.array(said, pa.bool_()).take(owner)
    return columns


def _page(draft: Draft, fields: Fields, book: AddressBook) -> Columns:
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
        "page_type": texts(pages["type"]),
        "page_referrer": texts([book[url].url for url in referrers.dictionary.to_pylist()]).take(referrers.indices),
        "click_ids": maps([address.click_ids for address in found], RAW_EVENTS.field("click_ids").type).take(urls.indices),
    }
    for position, part in enumerate(CAMPAIGN_PARTS):
        columns[f"campaign_{part}"] = texts([address.campaign[position] for address in found]).take(urls.indices)
    if any(fields["campaign"]):
        columns |= _told_campaign(fields, columns)
    if any(URL_PARAMETERS_NOTE in request.headers for request in draft.requests):
        columns["page_url"] = _with_kept_parameters(draft, pages["url"], columns["page_url"].to_pylist())
    return columns


def _with_kept_parameters(draft: Draft, given: Sequence[str | None], cut: list[str]) -> pa.Array:
    """Page addresses with the query parameters that their tenant keeps."""
    names = [frozenset(request.headers.get(URL_PARAMETERS_NOTE, "").split("&")) for request in draft.requests]
    for row, (url, owner) in enumerate(zip(given, draft.owner, strict=True)):
        query = kept_query(url, names[owner]) if url else ""
        cut[row] += f"?{query}" if query else ""
    return texts(cut)


def _enriched(draft: Draft, fields: Fields, columns: Columns, rules: Enrichment) -> Columns:
    """What the rules say. Headers of a server that holds a secret key are not its visitors'."""
    referrers = texts([page.referrer if page else None for page in fields["page"]])
    headers = [{} if request.is_trusted else request.headers for request in draft.requests]
    return enrich(columns, referrers, Requests(headers, pa.array(draft.owner, pa.int32())), rules)


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


def _bought(draft: Draft, fields: Fields) -> Columns:
    """What several parts share a column for: the order's word counts before the cart's and the checkout's."""
    columns: Columns = {}
    if any(fields["cart"]) or any(fields["order"]):
        carts = transpose([cart or _NO_CART for cart in fields["cart"]], Cart)
        columns["cart_id"] = texts(carts["cart_id"])
        columns["cart_value"] = amounts(draft, carts["value"], "/cart/value")
        columns["currency"] = _first([order.currency if order else None for order in fields["order"]], carts["currency"])
    if any(fields["checkout"]) or any(fields["order"]):
        columns["payment_method"] = _first(
            [order.payment_method if order else None for order in fields["order"]],
            [checkout.payment_method if checkout else None for checkout in fields["checkout"]],
        )
    if any(fields["link"]):
        links = [link or _NO_LINK for link in fields["link"]]
        columns["link_url"] = texts([parse_address(link.url or "").url for link in links])
        columns["element_id"] = texts([link.element_id for link in links])
    return columns


def _first(one: Sequence[Any], other: Sequence[Any]) -> pa.Array:
    """`one` where it says something, else `other`."""
    given = texts(one)
    return pc.if_else(pc.equal(given, ""), texts(other), given)


def _items(draft: Draft, fields: Fields) -> Columns:
    lengths = list(map(len, fields["items"]))
    flat = list(chain.from_iterable(fields["items"]))
    if not flat:
        return {}
    given = transpose(flat, Item)
    owner = [row for row, length in enumerate(lengths) for _ in range(length)]
    columns: Columns = {name: texts(given[name]) for name in _ITEM_TEXTS}
    for name in _RARE_ITEM_TEXTS:
        if any(given[name]):
            columns[name] = texts([parse_address(url or "").url for url in given[name]] if "url" in name else given[name])
    if any(map(bytes, given["list_price"])):
        columns["list_price"] = amounts(draft, given["list_price"], "/items/list_price", owner.__getitem__)
    columns |= {
        "price": amounts(draft, given["price"], "/items/price", owner.__getitem__),
        "quantity": pa.array(given["quantity"], pa.uint32()).fill_null(1),
        "position": counts(given["position"], pa.uint32()),
    }
    return {f"items.{name}": lists(lengths, column) for name, column in columns.items()}


def _rest(draft: Draft, fields: Fields) -> Columns:
    """Consent, properties and, last of all, the warnings that the other columns gave."""
    columns: Columns = {}
    if any(fields["consent"]):
        given = [tuple(consent.items()) for consent in fields["consent"]]
        columns["consent"] = maps(given, RAW_EVENTS.field("consent").type)
    columns["properties"] = raw_texts(_properties(draft, fields))
    if any(map(bytes, fields["traits"])):
        columns["traits"] = raw_texts([bytes(traits) for traits in fields["traits"]])
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


_NO_PAGE, _NO_CAMPAIGN, _NO_CART, _NO_LINK = Page(), Campaign(), Cart(), Link()
_RARE_TEXTS = ("app_id", "schema_ref", "previous_id", "group_id", "network_id")
_ITEM_TEXTS = ("product_id", "sku", "name", "category", "brand", "variant", "currency")
_RARE_ITEM_TEXTS = ("size", "stock", "creative", "coupon", "url", "image_url")
