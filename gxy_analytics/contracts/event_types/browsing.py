"""Event types of looking around: pages, links, searches, lists, promotions. Carts and orders belong to `commerce`."""

from __future__ import annotations

from gxy_analytics.contracts.event_types.event_type import EventType

SHOWN = (
    "items[].name",
    "items[].category",
    "items[].brand",
    "items[].variant",
    "items[].price",
    "items[].currency",
)
LIST_FIELDS = ("list.list_id", "list.name", "list.category")
PROMOTION = ("promotion.creative", "promotion.slot", "promotion.position", "promotion.type", "items[].product_id")

BROWSING = (
    EventType(
        "page_viewed",
        1,
        "A page or an app's screen was shown.",
        required=("page.url|page.title",),
        optional=("page.referrer", "page.type", "page_view_id", "campaign.source", "campaign.click_ids"),
    ),
    EventType(
        "page_ping",
        1,
        "The visitor is still active on the page; engaged time and scroll depth since the last ping.",
        required=("page_view_id|page.url",),
        optional=(
            "engagement.engaged_ms",
            "engagement.scroll_min_x",
            "engagement.scroll_max_x",
            "engagement.scroll_min_y",
            "engagement.scroll_max_y",
        ),
    ),
    EventType(
        "link_clicked",
        1,
        "A link was followed.",
        required=("link.url",),
        optional=("link.element_id", "page.url"),
    ),
    EventType(
        "search_performed",
        1,
        "A search in the shop, with the number of its results.",
        required=("search.query",),
        optional=("search.result_count", "search.filters", "search.page_results", "list.list_id", "items[].product_id"),
    ),
    EventType(
        "product_impression",
        1,
        "Products were shown in a list: a category page, a carousel, search results.",
        required=("items[].product_id",),
        optional=(*LIST_FIELDS, "list.filters", "list.sorts", "items[].position", *SHOWN),
    ),
    EventType(
        "product_clicked",
        1,
        "A product was clicked in a list.",
        required=("items[].product_id",),
        optional=(*LIST_FIELDS, "items[].position", *SHOWN),
    ),
    EventType(
        "product_viewed",
        1,
        "A product's own page was opened.",
        required=("items[].product_id",),
        optional=(*SHOWN, "items[].list_price", "items[].stock", "items[].size"),
    ),
    EventType(
        "product_shared",
        1,
        "A product was shared with somebody.",
        required=("items[].product_id",),
        optional=SHOWN,
    ),
    EventType(
        "product_reviewed",
        1,
        "A product was reviewed; what the review says stays in `properties`.",
        required=("items[].product_id",),
        optional=SHOWN,
    ),
    EventType(
        "promotion_viewed",
        1,
        "A promotion (banner, teaser) was shown.",
        required=("promotion.promotion_id|promotion.name",),
        optional=PROMOTION,
    ),
    EventType(
        "promotion_clicked",
        1,
        "A promotion was clicked.",
        required=("promotion.promotion_id|promotion.name",),
        optional=PROMOTION,
    ),
)
