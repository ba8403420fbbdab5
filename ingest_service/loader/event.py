"""An event as every protocol's adapter hands it on: the native event, strictly typed for speed.

The fields are those of `contracts.events.NativeEvent` (a test compares them). An unknown field or a wrong type is a
msgspec.ValidationError here; `lenient` then reads that one event field by field. Amounts stay text: Arrow parses whole columns.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from gxy_analytics.contracts.events import Identity, ShortText

Count = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Instant = str | int | float
Key = str | int
NOTHING = msgspec.Raw()


class Part(msgspec.Struct, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A part of an event. `gc=False`: no part can hold a cycle, and the collector would walk each of them."""


class Page(Part):
    """See `contracts.events`, also for the other parts."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None


class Item(Part):
    """`price` is its JSON text."""

    product_id: Key | None = None
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    variant: str | None = None
    price: msgspec.Raw = NOTHING
    quantity: Count | None = None
    position: Count | None = None
    currency: str | None = None


class Cart(Part):
    """`value` is its JSON text."""

    cart_id: Key | None = None
    value: msgspec.Raw = NOTHING
    currency: str | None = None


class Order(Part):
    """`value` is its JSON text."""

    order_id: Key | None = None
    value: msgspec.Raw = NOTHING
    currency: str | None = None


class Search(Part):
    """A search."""

    query: str | None = None
    result_count: Count | None = None


class ProductList(Part):
    """The list that items were shown in."""

    list_id: Key | None = None
    name: str | None = None


class Campaign(Part):
    """Attribution as the page saw it."""

    source: str | None = None
    medium: str | None = None
    name: str | None = None
    term: str | None = None
    content: str | None = None
    click_ids: dict[str, str] = {}


class Client(Part):
    """The device and the tracker."""

    locale: str | None = None
    timezone: str | None = None
    viewport: str | None = None
    platform: str | None = None
    tracker_version: str | None = None


class Event(Part, kw_only=True):
    """One event. `properties` is the JSON text of an object, or empty."""

    event_id: ShortText
    name: ShortText
    time: Instant | None = None
    anonymous_id: Identity | None = None
    user_id: Identity | int | None = None
    session_id: Key | None = None
    session_index: Count | None = None
    sequence: Count | None = None
    page_view_id: str | None = None
    page: Page | None = None
    items: list[Item] = []
    cart: Cart | None = None
    order: Order | None = None
    search: Search | None = None
    product_list: ProductList | None = msgspec.field(default=None, name="list")
    campaign: Campaign | None = None
    client: Client | None = None
    consent: dict[str, bool] = {}
    properties: msgspec.Raw = NOTHING
