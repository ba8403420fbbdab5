"""The native event as it crosses the wire (`POST /v1/events`), as msgspec structs. docs/reference/events.md describes the fields.

Judging, coercing and enriching events belongs to `ingest_service`; columns of `raw.events` belong to the DDL.
Every field but `event_id` and `name` is optional: a wrong one costs a warning, not the event.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

MAX_EVENTS_PER_REQUEST = 1000
MAX_ID_LENGTH = 200  # characters, of event_id, name, anonymous_id and user_id

Instant = datetime | int | float  # RFC 3339 (without an offset: UTC), or ms since the epoch
ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)]
Identity = Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)]


class EventHead(msgspec.Struct, gc=False):
    """What decides the answer for an event: it is unusable without the first two, and stored with a warning without the rest."""

    event_id: ShortText
    name: ShortText
    time: Instant | None = None
    anonymous_id: Identity | None = None
    user_id: Identity | int | None = None


class BatchHead(msgspec.Struct):
    """The request as the HTTP worker reads it when every event is well-formed: one pass, nothing built but the heads."""

    events: list[EventHead]
    sent_at: Instant | None = None


class RawBatch(msgspec.Struct):
    """The request with each event's own JSON text, so that a bad event does not hurt its batch."""

    events: list[msgspec.Raw]
    sent_at: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class Page(msgspec.Struct):
    """Where it happened. URLs may carry query strings: `campaign` and click ids are read from them, then they are cut."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None
    type: str | None = None  # home, category, product, …


class Item(msgspec.Struct):
    """One product of the event. `price` is per unit, exact: JSON numbers and numeric strings keep every digit."""

    product_id: str | int | None = None
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    variant: str | None = None
    price: Decimal | None = None
    quantity: int | None = None
    position: int | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    size: str | None = None
    stock: str | None = None  # as the shop says it: in_stock, 12, …
    creative: str | None = None
    coupon: str | None = None
    url: str | None = None
    image_url: str | None = None


class Cart(msgspec.Struct):
    """The cart after the event."""

    cart_id: str | int | None = None
    value: Decimal | None = None
    currency: str | None = None


class Order(msgspec.Struct):
    """The order as the tracker saw it; never a source of revenue."""

    order_id: str | int | None = None
    value: Decimal | None = None
    currency: str | None = None
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    shipping: Decimal | None = None
    discount: Decimal | None = None
    coupon: str | None = None
    payment_method: str | None = None
    affiliation: str | None = None
    quantity: int | None = None


class Checkout(msgspec.Struct):
    """A step of the checkout. There is no place for an address: personal data has none here."""

    checkout_id: str | int | None = None
    step: int | None = None
    option: str | None = None
    shipping_method: str | None = None
    payment_method: str | None = None


class Promotion(msgspec.Struct):
    """A banner, an offer, a slot on a page."""

    promotion_id: str | int | None = None
    name: str | None = None
    creative: str | None = None
    slot: str | None = None
    position: int | None = None
    type: str | None = None


class Search(msgspec.Struct):
    """A search and how many results it had, in all and on the page."""

    query: str | None = None
    result_count: int | None = None
    page_results: int | None = None
    filters: dict[str, str] = {}


class ProductList(msgspec.Struct):
    """The list (category page, carousel, …) that the items were shown in."""

    list_id: str | int | None = None
    name: str | None = None
    category: str | None = None
    filters: dict[str, str] = {}
    sorts: dict[str, str] = {}


class Link(msgspec.Struct):
    """A link that was followed: where to (without query string and fragment), and which element."""

    url: str | None = None
    element_id: str | None = None


class Engagement(msgspec.Struct):
    """Attention since the last ping: time in ms, and the range scrolled over in pixels."""

    engaged_ms: int | None = None
    scroll_min_x: int | None = None
    scroll_max_x: int | None = None
    scroll_min_y: int | None = None
    scroll_max_y: int | None = None


class Campaign(msgspec.Struct):
    """Attribution as the page saw it. `click_ids` maps gclid, fbclid, … to their values."""

    source: str | None = None
    medium: str | None = None
    name: str | None = None
    term: str | None = None
    content: str | None = None
    click_ids: dict[str, str] = {}


class Client(msgspec.Struct):
    """The device and the tracker, as far as the shop may tell them."""

    locale: str | None = None
    timezone: str | None = None
    viewport: str | None = None
    platform: str | None = None  # web, mob, srv, …
    tracker_version: str | None = None
    tracker_namespace: str | None = None
    screen: str | None = None  # 1920x1080
    document: str | None = None  # size of the page, as screen


class NativeEvent(msgspec.Struct, kw_only=True):
    """One whole event. Decode with `strict=False` to take numeric strings; on a ValidationError fall back field by field."""

    event_id: ShortText
    name: ShortText
    time: Instant | None = None
    true_time: Instant | None = None  # when it happened beyond doubt: no clock rule is applied
    app_id: str | None = None
    schema_ref: str | None = None  # of the event's own schema, where its protocol names one
    anonymous_id: Identity | None = None
    user_id: Identity | int | None = None  # customers.id of the shop's backend; pseudonymised before it is stored
    previous_id: Identity | None = None  # what an alias event replaces
    group_id: Identity | int | None = None
    network_id: Identity | None = None
    session_id: str | int | None = None
    session_index: int | None = None
    sequence: int | None = None  # the client's counter inside its session: gaps measure loss
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
    traits: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)  # a JSON object about the visitor; personal data is left out
    properties: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)  # a JSON object, kept as text


class NativeBatch(msgspec.Struct):
    """The whole request, as documented. Nobody decodes it at once: one wrong field would refuse every event."""

    events: list[NativeEvent]
    sent_at: Instant | None = None


class EventResult(msgspec.Struct, omit_defaults=True):
    """The answer for one event: `ok`, `warning` (stored, `code` says what is missing), `drop` (not usable) or `retry`."""

    event_id: str | None
    status: str
    code: str = ""
    detail: str = ""


class BatchResult(msgspec.Struct):
    """The 200 answer: one result an event, in the order of the request."""

    results: list[EventResult]
