"""The shopper's path in each tracker's own words: the calls that a developer would write with that client.

A driver makes these calls one after the other; which methods they become is the driver's. What arrives belongs to the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.clients.shopper import SHOP, shopper, url_of

Call = dict[str, Any]
ECOMMERCE = "iglu:com.snowplowanalytics.snowplow.ecommerce"
SITE_SEARCH = "iglu:com.snowplowanalytics.snowplow/site_search/jsonschema/1-0-0"


def path_calls(action: Callable[[dict[str, Any], dict[str, Any]], Call], page: Callable[[dict[str, Any]], Call]) -> list[Call]:
    """The whole path: a page view, then what is done on that page."""
    calls = []
    for one in shopper()["pages"]:
        calls.append(page(one))
        calls.extend(action(done, one) for done in one["actions"])
    return calls


# --- Segment and RudderStack: the e-commerce specification's events -------------------------------------------------------


def segment_calls(shop: str = SHOP) -> list[Call]:
    """The path for a server library: the page travels in `context`."""

    def context(page: dict[str, Any]) -> dict[str, Any]:
        is_landing = bool(page.get("query"))
        told = {"url": url_of(page, shop), "path": page["path"], "title": page["title"]}
        return {
            "page": told | ({"referrer": shopper()["referrer"]} if is_landing else {}),
            **({"campaign": shopper()["campaign"]} if is_landing else {}),
        }

    return path_calls(
        lambda done, page: segment_action(done) | {"context": context(page)},
        lambda page: {"call": "page", "properties": context(page)["page"], "context": context(page)},
    )


def segment_action(done: dict[str, Any]) -> Call:
    """One action as the e-commerce specification names it."""
    event, properties = SEGMENT_ACTIONS[done["do"]](done)
    return {"call": "track", "event": event, "properties": properties}


def _segment_item(item: dict[str, Any]) -> dict[str, Any]:
    return {"product_id" if name == "id" else name: value for name, value in item.items()}


def _segment_order(done: dict[str, Any]) -> dict[str, Any]:
    order = done["order"]
    return {
        "order_id": order["id"],
        "total": order["value"],
        "tax": order["tax"],
        "shipping": order["shipping"],
        "coupon": order["coupon"],
        "currency": shopper()["currency"],
        "products": [_segment_item(item) for item in done["items"]],
    }


def _segment_step(done: dict[str, Any]) -> dict[str, Any]:
    return {name: done[name] for name in ("step", "shipping_method", "payment_method")}


SEGMENT_ACTIONS: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "list_view": lambda done: (
        "Product List Viewed",
        {
            "list_id": done["list"]["id"],
            "category": done["list"]["name"],
            "products": [_segment_item(item) for item in done["items"]],
        },
    ),
    "product_view": lambda done: (
        "Product Viewed",
        _segment_item(done["item"]) | {"currency": shopper()["currency"]},
    ),
    "add_to_cart": lambda done: (
        "Product Added",
        _segment_item(done["item"]) | {"cart_id": done["cart"]["id"], "currency": shopper()["currency"]},
    ),
    "search": lambda done: ("Products Searched", {"query": done["query"]}),
    "checkout_step": lambda done: ("Checkout Step Viewed", _segment_step(done)),
    "purchase": lambda done: ("Order Completed", _segment_order(done)),
}


# --- Snowplow: the e-commerce plugin's functions in a browser, its schemas by hand on a server ----------------------------


def plugin_calls(shop: str = SHOP) -> list[Call]:
    """The path for the browser: a function of the tracker or of one of its plugins, and its argument."""
    return path_calls(lambda done, _: plugin_action(done), lambda _: {"call": "trackPageView", "argument": {}})


def plugin_action(done: dict[str, Any]) -> Call:
    """One action as a call of the e-commerce or the site-tracking plugin."""
    call, argument = PLUGIN_ACTIONS[done["do"]](done)
    return {"call": call, "argument": argument}


def _plugin_item(item: dict[str, Any]) -> dict[str, Any]:
    return item | {"currency": shopper()["currency"]}


def _checkout(done: dict[str, Any]) -> dict[str, Any]:
    return {"step": done["step"], "delivery_method": done["shipping_method"], "payment_method": done["payment_method"]}


def _cart(done: dict[str, Any]) -> dict[str, Any]:
    return {"cart_id": done["cart"]["id"], "total_value": done["cart"]["value"], "currency": shopper()["currency"]}


def _transaction(done: dict[str, Any]) -> dict[str, Any]:
    order = done["order"]
    return {
        "transaction_id": order["id"],
        "revenue": order["value"],
        "tax": order["tax"],
        "shipping": order["shipping"],
        "discount_code": order["coupon"],
        "payment_method": order["payment_method"],
        "currency": shopper()["currency"],
    }


PLUGIN_ACTIONS: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "list_view": lambda done: (
        "trackProductListView",
        {"name": done["list"]["name"], "products": [_plugin_item(item) for item in done["items"]]},
    ),
    "product_view": lambda done: ("trackProductView", _plugin_item(done["item"])),
    "add_to_cart": lambda done: ("trackAddToCart", _cart(done) | {"products": [_plugin_item(done["item"])]}),
    "search": lambda done: ("trackSiteSearch", {"terms": done["query"].split(), "totalResults": done["results"]}),
    "checkout_step": lambda done: ("trackCheckoutStep", _checkout(done)),
    "purchase": lambda done: (
        "trackTransaction",
        _transaction(done) | {"products": [_plugin_item(item) for item in done["items"]]},
    ),
}


def snowplow_calls(shop: str = SHOP) -> list[Call]:
    """The path for a server tracker: page views, and self-describing events with the entities that the plugin would attach."""

    def page_view(page: dict[str, Any]) -> Call:
        referrer = shopper()["referrer"] if page.get("query") else url_of(shopper()["pages"][0], shop)
        return {"call": "page", "url": url_of(page, shop), "title": page["title"], "referrer": referrer}

    return path_calls(lambda done, _: snowplow_action(done), page_view)


def snowplow_action(done: dict[str, Any]) -> Call:
    """One action as a self-describing event."""
    if done["do"] == "search":
        return _self_describing(SITE_SEARCH, {"terms": done["query"].split(), "totalResults": done["results"]}, [])
    schema = f"{ECOMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2"
    name = {"name": done["list"]["name"]} if done["do"] == "list_view" else {}
    kind = {"purchase": "transaction"}.get(done["do"], done["do"])
    return _self_describing(schema, {"type": kind, **name}, _entities(done))


def _entities(done: dict[str, Any]) -> list[dict[str, Any]]:
    items = done.get("items", [done["item"]] if "item" in done else [])
    entities = [_entity("product", _plugin_item(item)) for item in items]
    if done["do"] == "add_to_cart":
        entities.append(_entity("cart", _cart(done)))
    if done["do"] == "checkout_step":
        entities.append(_entity("checkout_step", _checkout(done)))
    if done["do"] == "purchase":
        entities.append(_entity("transaction", _transaction(done) | {"total_quantity": sum(item["quantity"] for item in items)}))
    return entities


def _entity(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"schema": f"{ECOMMERCE}/{name}/jsonschema/1-0-0", "data": data}


def _self_describing(schema: str, data: dict[str, Any], entities: list[dict[str, Any]]) -> Call:
    return {"call": "event", "schema": schema, "data": data, "entities": entities}


# --- Many small events, for queues and answers ---------------------------------------------------------------------------


def small_calls(family: str, number: int) -> list[Call]:
    """`number` product views in the words of a family: snowplow or segment."""
    views = [
        {"do": "product_view", "item": shopper()["pages"][1]["actions"][0]["items"][0] | {"id": str(1000 + n)}}
        for n in range(number)
    ]
    return [snowplow_action(view) if family == "snowplow" else segment_action(view) for view in views]
