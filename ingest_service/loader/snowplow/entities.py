"""Entities (contexts) by their place in the event: Snowplow's own have columns, every other one stays in `properties.entities`.

Source: the schemas of com.snowplowanalytics.snowplow and com.snowplowanalytics.snowplow.ecommerce in Iglu Central.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ingest_service.loader.snowplow.consent import CONSENT, consent_of
from ingest_service.loader.snowplow.readers import anything, count, identity, key, money, text
from ingest_service.loader.snowplow.schema_uri import ECOMMERCE, GXY, OWN, SchemaName, parse_uri
from ingest_service.loader.snowplow.sketch import PERSONAL, UNUSED, Rule, Rules, Sketch, kept

NOBODY = "00000000-0000-0000-0000-000000000000"  # the user of an anonymous client_session


class Entity(NamedTuple):
    """How one is read. Of `is_line` each makes an item; `demanded` are (its field, our pointer) whose absence is told."""

    rules: Rules
    is_line: bool = False
    demanded: tuple[tuple[str, str], ...] = ()


PRODUCT = Entity(
    {
        "id": Rule("item", "product_id", key),
        "name": Rule("item", "name"),
        "category": Rule("item", "category"),
        "price": Rule("item", "price", money),
        "list_price": Rule("item", "list_price", money),
        "quantity": Rule("item", "quantity", count),
        "size": Rule("item", "size"),
        "variant": Rule("item", "variant"),
        "brand": Rule("item", "brand"),
        "inventory_status": Rule("item", "stock"),
        "position": Rule("item", "position", count),
        "currency": Rule("item", "currency"),
        "creative_id": Rule("item", "creative", key),
    },
    is_line=True,
    demanded=(("category", "/items/category"), ("price", "/items/price"), ("currency", "/items/currency")),
)
CART = Entity(
    {
        "cart_id": Rule("cart", "cart_id", key),
        "total_value": Rule("cart", "value", money),
        "currency": Rule("cart", "currency"),
    }
)
TRANSACTION = Entity(
    {
        "transaction_id": Rule("order", "order_id", key),
        "revenue": Rule("order", "value", money),
        "currency": Rule("order", "currency"),
        "payment_method": Rule("order", "payment_method"),
        "total_quantity": Rule("order", "quantity", count),
        "tax": Rule("order", "tax", money),
        "shipping": Rule("order", "shipping", money),
        "discount_code": Rule("order", "coupon"),
        "discount_amount": Rule("order", "discount", money),
        **kept("credit_order"),
    },
    demanded=(("total_quantity", "/order/quantity"), ("payment_method", "/order/payment_method")),
)
REFUND = Entity(
    {
        "transaction_id": Rule("order", "order_id", key),
        "refund_amount": Rule("order", "value", money),
        "currency": Rule("order", "currency"),
        **kept("refund_reason"),
    }
)
PROMOTION = Entity(
    {
        "id": Rule("promotion", "promotion_id", key),
        "name": Rule("promotion", "name"),
        "creative_id": Rule("promotion", "creative", key),
        "slot": Rule("promotion", "slot"),
        "position": Rule("promotion", "position", count),
        "type": Rule("promotion", "type"),
        **kept("product_ids"),  # becomes items: see `_promoted`
    }
)
CHECKOUT_STEP = Entity(
    {
        "step": Rule("checkout", "step", count),
        "delivery_method": Rule("checkout", "shipping_method"),
        "payment_method": Rule("checkout", "payment_method"),
        "account_type": Rule("checkout", "option"),
        "coupon_code": Rule("order", "coupon"),
        **kept("delivery_provider", "proof_of_payment", "marketing_opt_in"),
        **dict.fromkeys(
            ("shipping_postcode", "billing_postcode", "shipping_full_address", "billing_full_address"),
            PERSONAL,
        ),
    }
)
PAGE = Entity(
    {
        "type": Rule("page", "type"),
        "language": Rule("properties", "page_language", anything),
        "locale": Rule("properties", "page_locale", anything),
    }
)
USER = Entity({"id": Rule("event", "user_id", identity), "is_guest": Rule("traits", "is_guest", anything), "email": PERSONAL})
TRANSACTION_ERROR = Entity(kept("error_code", "error_shortcode", "error_description", "error_type", "resolution"))
CLIENT_SESSION = Entity(
    {
        "userId": Rule("event", "anonymous_id", identity),
        "sessionId": Rule("event", "session_id"),
        "sessionIndex": Rule("event", "session_index", count),
        "eventIndex": Rule("event", "sequence", count),
        "firstEventId": Rule("properties", "first_event_id", text),
        **dict.fromkeys(("previousSessionId", "storageMechanism", "firstEventTimestamp"), UNUSED),
    }
)
ENGAGEMENT = Entity({"engaged_ms": Rule("engagement", "engaged_ms", count)})
WEB_PAGE = Entity({"id": Rule("event", "page_view_id")})

ENTITIES: Mapping[SchemaName, Entity] = {
    SchemaName(GXY, "engagement"): ENGAGEMENT,
    SchemaName(OWN, "web_page"): WEB_PAGE,
    SchemaName(OWN, "client_session"): CLIENT_SESSION,
    **{
        SchemaName(ECOMMERCE, name): entity
        for name, entity in {
            "product": PRODUCT,
            "cart": CART,
            "transaction": TRANSACTION,
            "refund": REFUND,
            "promotion": PROMOTION,
            "checkout_step": CHECKOUT_STEP,
            "page": PAGE,
            "user": USER,
            "transaction_error": TRANSACTION_ERROR,
        }.items()
    },
}


@lru_cache(maxsize=4096)
def entity_of(schema: str) -> Entity | None:
    """How an entity of this schema is read; None for one that is kept as it is."""
    name = parse_uri(schema)
    return ENTITIES.get(name) if name else None


def read_entities(sketch: Sketch, given: list[Any]) -> None:
    """All entities of an event into the sketch. What is no entity, unknown, or a second one of its kind is kept as it is."""
    seen: set[int] = set()
    for told in given:
        schema, data = (told.get("schema"), told.get("data")) if type(told) is dict else (None, None)
        if type(schema) is not str or type(data) is not dict:
            sketch.entities.append(told)
            continue
        entity = entity_of(schema)
        if entity is None or id(entity) in seen:
            _keep(sketch, told, schema, data)
            continue
        if not entity.is_line:
            seen.add(id(entity))
        _read(sketch, entity, schema, data)
    if "product_ids" in sketch.properties:
        _promoted(sketch)


def _keep(sketch: Sketch, told: dict[str, Any], schema: str, data: dict[str, Any]) -> None:
    sketch.entities.append(told)
    if parse_uri(schema) == CONSENT:
        sketch.event.setdefault("consent", consent_of(data))


def _read(sketch: Sketch, entity: Entity, schema: Any, data: dict[str, Any]) -> None:
    if entity.is_line:
        sketch.begin_item()
    rest = sketch.apply(entity.rules, data)
    if rest:
        sketch.entities.append({"schema": schema, "data": rest})
    for field, pointer in entity.demanded:
        if field not in data:
            sketch.warnings.append(f"missing:{pointer}")


def _promoted(sketch: Sketch) -> None:
    """The products of a promotion as items, unless the event names its items itself."""
    ids = sketch.properties["product_ids"]
    if type(ids) is list and not sketch.items and all(type(one) is str for one in ids):
        sketch.items.extend({"product_id": one} for one in sketch.properties.pop("product_ids"))
