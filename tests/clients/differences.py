"""Where a protocol cannot say what the shopper's path holds, each with the reason. Anything else that differs is a defect."""

from __future__ import annotations

from tests.clients.expected import ACTIONS, Difference, items_of
from tests.clients.shopper import shopper

SNOWPLOW_SERVERS = ("snowplow-node", "snowplow-python")
SNOWPLOW = (*SNOWPLOW_SERVERS, "snowplow")
SEGMENT_SERVERS = ("segment-node", "segment-python", "rudder-node", "rudder-python")
SEGMENT = (*SEGMENT_SERVERS, "segment", "rudder")

_LISTED = shopper()["pages"][1]["actions"][0]["items"]

DIFFERENCES: tuple[Difference, ...] = (
    Difference(SNOWPLOW_SERVERS, ACTIONS, "page_path", "", "A server's tracker tells the page with page views alone."),
    Difference(SNOWPLOW, ACTIONS, "page_title", "", "The title goes with page views alone."),
    Difference(SNOWPLOW, "product_impression", "list_id", "", "The plugin's list has a name and nothing else."),
    Difference(SNOWPLOW, "product_impression", "list_category", "", "The plugin's list has a name and nothing else."),
    Difference(SEGMENT, "product_impression", "items", items_of(_LISTED, ""), "Product List Viewed has no currency."),
    Difference(SEGMENT, "product_added", "cart_value", None, "Product Added has the cart's id, not what is in it."),
    Difference(SEGMENT, "search_performed", "search_result_count", None, "Products Searched has the query alone."),
    Difference(SEGMENT, "order_completed", "payment_method", "", "It belongs to Payment Info Entered, not to Order Completed."),
)


def differences_of(client: str) -> list[Difference]:
    """What this client may say differently."""
    return [difference for difference in DIFFERENCES if client in difference.clients]
