"""An event as every protocol's adapter hands it on: the native event, strictly typed for speed.

The fields are those of `contracts.events.NativeEvent` (a test compares them). An unknown field or a wrong type is a
msgspec.ValidationError here; `lenient` then reads that one event field by field. Amounts stay text: Arrow parses whole columns.
"""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec

from gxy_analytics.contracts.events import Identity, ShortText

Count = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Instant = str | int | float
Key = str | int
NOTHING = msgspec.Raw()
UNKNOWN_WARNING = "unknown_field"
"""A field that no contract names: it stays in `properties`."""
UUID_NAMESPACE = uuid.UUID("6f0ed6a4-54ba-5d0e-9d0c-5a7f6a3b8c11")


class Part(msgspec.Struct, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A part of an event. `gc=False`: no part can hold a cycle, and the collector would walk each of them."""


class Page(Part):
    """See `contracts.events`, also for the other parts."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None
    type: str | None = None


class Item(Part):
    """`price` and `list_price` are their JSON text."""

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
    list_price: msgspec.Raw = NOTHING
    size: str | None = None
    stock: str | None = None
    creative: str | None = None
    coupon: str | None = None
    url: str | None = None
    image_url: str | None = None


class Cart(Part):
    """`value` is its JSON text."""

    cart_id: Key | None = None
    value: msgspec.Raw = NOTHING
    currency: str | None = None


class Order(Part):
    """Amounts are their JSON text."""

    order_id: Key | None = None
    value: msgspec.Raw = NOTHING
    currency: str | None = None
    subtotal: msgspec.Raw = NOTHING
    tax: msgspec.Raw = NOTHING
    shipping: msgspec.Raw = NOTHING
    discount: msgspec.Raw = NOTHING
    coupon: str | None = None
    payment_method: str | None = None
    affiliation: str | None = None
    quantity: Count | None = None


class Checkout(Part):
    """A step of the checkout."""

    checkout_id: Key | None = None
    step: Count | None = None
    option: str | None = None
    shipping_method: str | None = None
    payment_method: str | None = None


class Promotion(Part):
    """A banner, an offer."""

    promotion_id: Key | None = None
    name: str | None = None
    creative: str | None = None
    slot: str | None = None
    position: Count | None = None
    type: str | None = None


class Search(Part):
    """A search."""

    query: str | None = None
    result_count: Count | None = None
    page_results: Count | None = None
    filters: dict[str, str] = {}


class ProductList(Part):
    """The list that items were shown in."""

    list_id: Key | None = None
    name: str | None = None
    category: str | None = None
    filters: dict[str, str] = {}
    sorts: dict[str, str] = {}


class Link(Part):
    """A link that was followed."""

    url: str | None = None
    element_id: str | None = None


class Engagement(Part):
    """Attention since the last ping."""

    engaged_ms: Count | None = None
    scroll_min_x: Count | None = None
    scroll_max_x: Count | None = None
    scroll_min_y: Count | None = None
    scroll_max_y: Count | None = None


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
    tracker_namespace: str | None = None
    screen: str | None = None
    document: str | None = None


class Event(Part, kw_only=True):
    """One event. `properties` and `traits` are the JSON text of an object, or empty."""

    event_id: ShortText
    name: ShortText
    time: Instant | None = None
    true_time: Instant | None = None
    app_id: str | None = None
    schema_ref: str | None = None
    anonymous_id: Identity | None = None
    user_id: Identity | int | None = None
    previous_id: Identity | None = None
    group_id: Identity | int | None = None
    network_id: Identity | None = None
    session_id: Key | None = None
    session_index: Count | None = None
    sequence: Count | None = None
    page_view_id: str | None = None
    page: Page | None = None
    items: list[Item] = []
    cart: Cart | None = None
    order: Order | None = None
    checkout: Checkout | None = None
    promotion: Promotion | None = None
    search: Search | None = None
    product_list: ProductList | None = msgspec.field(default=None, name="list")
    link: Link | None = None
    engagement: Engagement | None = None
    campaign: Campaign | None = None
    client: Client | None = None
    consent: dict[str, bool] = {}
    traits: msgspec.Raw = NOTHING
    properties: msgspec.Raw = NOTHING


PARTS: dict[str, type[Part]] = {
    "page": Page,
    "cart": Cart,
    "order": Order,
    "checkout": Checkout,
    "promotion": Promotion,
    "search": Search,
    "product_list": ProductList,
    "link": Link,
    "engagement": Engagement,
    "campaign": Campaign,
    "client": Client,
}
"""The parts that an event has once, by their attribute."""


def uuid_of(tenant_id: str, event_id: str) -> uuid.UUID:
    """The UUID, version 5, of an event whose id is none itself."""
    return uuid.uuid5(UUID_NAMESPACE, f"{tenant_id}\0{event_id}")
