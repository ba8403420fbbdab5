"""Which canonical event it is: by the type of the event, and of self-describing ones by their schema.

Fields of entities belong to `entities`, parameters to `parameters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ingest_service.loader.quality import UNKNOWN_EVENT
from ingest_service.loader.snowplow import parameters
from ingest_service.loader.snowplow.consent import CONSENT, consent_of
from ingest_service.loader.snowplow.plan import Plan, compile_plan
from ingest_service.loader.snowplow.readers import count, key, money, text, texts, words
from ingest_service.loader.snowplow.schema_uri import ECOMMERCE, GXY, OWN, SchemaName, custom, parse_uri
from ingest_service.loader.snowplow.sketch import Rule, Rules, Sketch, kept

ENGAGED_MS = 10_000  # of a page ping: the usual heartbeat of the trackers, which is not on the wire


class Code(NamedTuple):
    """A type of event (`e`): its canonical name and what becomes of its parameters."""

    name: str
    plan: Plan


class Kind(NamedTuple):
    """A self-describing event: its canonical name and what becomes of its fields."""

    name: str
    rules: Rules


def _code(name: str, rules: Rules | None = None) -> Code:
    return Code(name, compile_plan({**parameters.COMMON, **(rules or {})}))


CODES: Mapping[str, Code] = {
    "pv": _code("page_viewed"),
    "pp": _code("page_ping", parameters.PAGE_PING),
    "ue": _code(""),
    "se": _code(custom("struct_event"), parameters.STRUCTURED),
    "ev": _code(custom("struct_event"), parameters.STRUCTURED),
    "tr": _code("order_completed", parameters.TRANSACTION),
    "ti": _code(custom("transaction_item"), parameters.TRANSACTION_ITEM),
    "ad": _code(custom("ad_impression"), parameters.AD_IMPRESSION),
}
ACTIONS: Mapping[str, str] = {
    "product_view": "product_viewed",
    "list_view": "product_impression",
    "list_click": "product_clicked",
    "add_to_cart": "product_added",
    "remove_from_cart": "product_removed",
    "promo_view": "promotion_viewed",
    "promo_click": "promotion_clicked",
    "checkout_step": "checkout_step",
    "transaction": "order_completed",
    "refund": "order_refunded",
    "trns_error": "payment_failed",
}
ACTION = SchemaName(ECOMMERCE, "snowplow_ecommerce_action")
_CART_LINE: Rules = {
    "sku": Rule("item", "product_id", key),
    "name": Rule("item", "name"),
    "category": Rule("item", "category"),
    "unitPrice": Rule("item", "price", money),
    "quantity": Rule("item", "quantity", count),
    "currency": Rule("item", "currency"),
}
SELF_DESCRIBING: Mapping[SchemaName, Kind] = {
    ACTION: Kind("", {"name": Rule("product_list", "name")}),
    SchemaName(OWN, "link_click"): Kind(
        "link_clicked",
        {
            "targetUrl": Rule("link", "url"),
            "elementId": Rule("link", "element_id"),
            **kept("elementClasses", "elementTarget", "elementContent"),
        },
    ),
    SchemaName(OWN, "site_search"): Kind(
        "search_performed",
        {
            "terms": Rule("search", "query", words),
            "filters": Rule("search", "filters", texts),
            "totalResults": Rule("search", "result_count", count),
            "pageResults": Rule("search", "page_results", count),
        },
    ),
    SchemaName(GXY, "cart_view"): Kind("cart_viewed", {}),
    SchemaName(OWN, "add_to_cart"): Kind("product_added", _CART_LINE),
    SchemaName(OWN, "remove_from_cart"): Kind("product_removed", _CART_LINE),
}


def code_of(code: str) -> Code:
    """Name and parameters of a type of event."""
    return CODES.get(code) or Code(custom(code), CODES["pv"].plan)


def begin(sketch: Sketch, code: str) -> None:
    """What a type of event has of itself, before its parameters are read."""
    if code == "ti":
        sketch.begin_item()
    elif code not in CODES:
        sketch.warnings.append(UNKNOWN_EVENT)


def read_self_describing(sketch: Sketch, schema: str, data: Any) -> Mapping[str, Any]:
    """Name and fields of a self-describing event into the sketch; returned are properties of a shop's own event."""
    name = parse_uri(schema)
    assert name is not None  # noqa: S101 - `payload.unwrap_event` looked
    sketch.event["schema_ref"] = schema
    known = SELF_DESCRIBING.get(name)
    if known is None or type(data) is not dict:
        sketch.event["name"] = custom(name.name)
        if type(data) is not dict:
            sketch.warnings.append("invalid:/properties")
            return {"data": data}
        if name == CONSENT:
            sketch.event["consent"] = consent_of(data)
        return data
    if known.rules is _CART_LINE:
        sketch.begin_item()
    sketch.event["name"] = known.name or _action(sketch, data)
    sketch.keep(sketch.apply(known.rules, data))
    return {}


def _action(sketch: Sketch, data: dict[str, Any]) -> str:
    """The canonical name of an e-commerce action."""
    kind = text(data.pop("type", None)) or ACTION.name
    if kind in ACTIONS:
        return ACTIONS[kind]
    sketch.warnings.append(UNKNOWN_EVENT)
    return custom(kind)
