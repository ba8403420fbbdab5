"""Snowplow's fields and the columns of raw.events that they land in, written from the documentation and not from the code.

How events are put on the wire is here too; what is done with them belongs to the tests.
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

SNOWPLOW = "com.snowplowanalytics.snowplow"
ECOMMERCE = f"{SNOWPLOW}.ecommerce"
PAYLOAD = f"iglu:{SNOWPLOW}/payload_data/jsonschema/1-0-4"
NOW_MS = 1_795_346_237_759

Fields = dict[str, Any]


def uri(vendor: str, name: str, version: str = "1-0-0") -> str:
    return f"iglu:{vendor}/{name}/jsonschema/{version}"


def told(vendor: str, name: str, data: Any, version: str = "1-0-0") -> Fields:
    """Self-describing JSON: an event or an entity."""
    return {"schema": uri(vendor, name, version), "data": data}


def product(**data: Any) -> Fields:
    return told(ECOMMERCE, "product", {"id": "SKU1", "category": "Men/Tees", "price": 19.99, "currency": "EUR"} | data)


def plain(e: str = "pv", **fields: Any) -> Fields:
    """An event of the tracker protocol; a field that is None is left out."""
    common = {"e": e, "eid": str(uuid.uuid4()), "dtm": str(NOW_MS), "duid": "visitor", "tv": "js-4.10.1", "p": "web"}
    return {name: value for name, value in (common | fields).items() if value is not None}


def self_describing(event: Fields, *entities: Fields, encoded: bool = False, **fields: Any) -> Fields:
    """An event of type `ue`, as a tracker writes it with base64 on or off."""
    wrapped = told(SNOWPLOW, "unstruct_event", event)
    return plain(
        "ue", **{"ue_px" if encoded else "ue_pr": encode(wrapped, encoded)}, **contexts(*entities, encoded=encoded), **fields
    )


def contexts(*entities: Fields, encoded: bool = False, version: str = "1-0-1") -> Fields:
    """The parameter that holds the entities, or none."""
    wrapped = told(SNOWPLOW, "contexts", list(entities), version)
    return {"cx" if encoded else "co": encode(wrapped, encoded)} if entities else {}


def encode(value: Any, encoded: bool) -> str:
    text = json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") if encoded else text


def action(kind: str, *entities: Fields, encoded: bool = False, name: str | None = None, **fields: Any) -> Fields:
    """What the e-commerce plugin sends."""
    data = {"type": kind} | ({"name": name} if name else {})
    return self_describing(told(ECOMMERCE, "snowplow_ecommerce_action", data, "1-0-2"), *entities, encoded=encoded, **fields)


def body(*events: Any) -> bytes:
    return json.dumps({"schema": PAYLOAD, "data": list(events)}).encode()


@dataclass
class Case:
    """An event, the columns that it must fill, and the warnings that it must cost beside those of its type's registry entry."""

    id: str
    event: Fields
    columns: Fields
    properties: Fields = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


PRODUCT_FIELDS = {
    "id": ("items.product_id", "SKU1"),
    "name": ("items.name", "Tee"),
    "category": ("items.category", "Men/Tees"),
    "price": ("items.price", Decimal("19.99")),
    "list_price": ("items.list_price", Decimal("24.99")),
    "quantity": ("items.quantity", 2),
    "size": ("items.size", "M"),
    "variant": ("items.variant", "blue"),
    "brand": ("items.brand", "Plain"),
    "inventory_status": ("items.stock", "in_stock"),
    "position": ("items.position", 3),
    "currency": ("items.currency", "EUR"),
    "creative_id": ("items.creative", "banner-1"),
}
WHOLE_PRODUCT = told(
    ECOMMERCE,
    "product",
    {name: float(value) if isinstance(value, Decimal) else value for name, (_, value) in PRODUCT_FIELDS.items()},
)
WHOLE_ITEM = {column: [value] for column, value in PRODUCT_FIELDS.values()}
CART = told(ECOMMERCE, "cart", {"cart_id": "C1", "total_value": 59.97, "currency": "EUR"})
IN_CART = {"cart_id": "C1", "cart_value": Decimal("59.97"), "currency": "EUR"}
TRANSACTION = told(
    ECOMMERCE,
    "transaction",
    {
        "transaction_id": "T1",
        "revenue": 44.88,
        "currency": "EUR",
        "payment_method": "card",
        "total_quantity": 2,
        "tax": 7.17,
        "shipping": 4.9,
        "discount_code": "AUTUMN",
        "discount_amount": 5,
        "credit_order": False,
    },
)
ORDER = {
    "order_id": "T1",
    "order_value": Decimal("44.88"),
    "currency": "EUR",
    "payment_method": "card",
    "order_quantity": 2,
    "order_tax": Decimal("7.17"),
    "order_shipping": Decimal("4.9"),
    "coupon": "AUTUMN",
    "order_discount": Decimal("5"),
}
PROMOTION = told(
    ECOMMERCE,
    "promotion",
    {
        "id": "P1",
        "name": "Sale",
        "product_ids": ["SKU1", "SKU2"],
        "position": 2,
        "creative_id": "red",
        "type": "banner",
        "slot": "top",
    },
)
PROMOTED = {
    "promotion_id": "P1",
    "promotion_name": "Sale",
    "promotion_position": 2,
    "promotion_creative": "red",
    "promotion_type": "banner",
    "promotion_slot": "top",
    "items.product_id": ["SKU1", "SKU2"],
}
CHECKOUT = told(
    ECOMMERCE,
    "checkout_step",
    {
        "step": 2,
        "shipping_postcode": "10115",
        "billing_postcode": "10115",
        "shipping_full_address": "Street 1",
        "billing_full_address": "Street 2",
        "delivery_provider": "DHL",
        "delivery_method": "parcel",
        "coupon_code": "AUTUMN",
        "account_type": "guest",
        "payment_method": "card",
        "proof_of_payment": "invoice",
        "marketing_opt_in": True,
    },
)

CASES = [
    Case(
        "every common parameter",
        plain(
            dtm=str(NOW_MS - 1000),
            ttm=str(NOW_MS - 2000),
            aid="shop-app",
            uid="u-17",
            tnuid="network-2",
            nuid="network-1",
            sid="session-1",
            vid="4",
            tna="sp",
            url="https://shop.example/p/1?utm_source=news&utm_medium=email&utm_campaign=fall&gclid=abc#x",
            page="Tee",
            refr="https://www.google.com/search?q=tee",
            lang="en-US",
            tz="Europe/Berlin",
            res="1920x1080",
            vp="1024x768",
            ds="1024x3000",
            cd="24",
            cs="UTF-8",
            cookie="1",
        ),
        {
            "name": "page_viewed",
            "protocol": "snowplow",
            "app_id": "shop-app",
            "anonymous_id": "visitor",
            "network_id": "network-2",
            "session_id": "session-1",
            "session_index": 4,
            "tracker_version": "js-4.10.1",
            "tracker_namespace": "sp",
            "platform": "web",
            "page_url": "https://shop.example/p/1",
            "page_host": "shop.example",
            "page_path": "/p/1",
            "page_title": "Tee",
            "page_referrer": "https://www.google.com/search",
            "campaign_source": "news",
            "campaign_medium": "email",
            "campaign_name": "fall",
            "click_ids": {"gclid": "abc"},
            "locale": "en-US",
            "client_timezone": "Europe/Berlin",
            "screen": "1920x1080",
            "viewport": "1024x768",
            "document_size": "1024x3000",
            "time_source": "true",
            "toUnixTimestamp64Milli(created_at)": NOW_MS - 1000,
            "toUnixTimestamp64Milli(assumeNotNull(true_at))": NOW_MS - 2000,
            "customer_pid != ''": 1,
        },
        {"cd": "24", "cs": "UTF-8", "cookie": "1"},
    ),
    Case(
        "parameters of old plugins stay in properties",
        plain(
            f_pdf="1", f_qt="0", f_realp="0", f_wma="0", f_dir="0", f_fla="0", f_java="0", f_gears="0", f_ag="0", tid="5", evn="v"
        ),
        {"name": "page_viewed"},
        dict.fromkeys(("f_qt", "f_realp", "f_wma", "f_dir", "f_fla", "f_java", "f_gears", "f_ag"), "0")
        | {"f_pdf": "1", "tid": "5", "evn": "v"},
    ),
    Case("a fingerprint and a hardware address are nowhere", plain(fp="123", mac="00:11"), {}, {}, ["personal_data_removed"]),
    Case("network id of the collector's cookie", plain(nuid="network-1"), {"network_id": "network-1"}),
    Case(
        "a page ping",
        plain("pp", url="https://shop.example/", pp_mix="0", pp_max="12", pp_miy="100", pp_may="900"),
        {
            "name": "page_ping",
            "engaged_ms": 10_000,
            "scroll_min_x": 0,
            "scroll_max_x": 12,
            "scroll_min_y": 100,
            "scroll_max_y": 900,
        },
    ),
    Case(
        "a page ping that says its time",
        plain("pp", url="https://shop.example/", **contexts(told("com.gxy", "engagement", {"engaged_ms": 4200}))),
        {"name": "page_ping", "engaged_ms": 4200},
    ),
    Case(
        "a structured event",
        plain("se", se_ca="shop", se_ac="zoom", se_la="image", se_pr="front", se_va="2.5"),
        {"name": "custom:struct_event"},
        {"category": "shop", "action": "zoom", "label": "image", "property": "front", "value": "2.5"},
    ),
    Case(
        "a structured event under its old name",
        plain("ev", ev_ca="shop", ev_ac="zoom", ev_la="image", ev_pr="front", ev_va="2"),
        {"name": "custom:struct_event"},
        {"category": "shop", "action": "zoom", "label": "image", "property": "front", "value": "2"},
    ),
    Case(
        "a legacy transaction",
        plain(
            "tr",
            tr_id="O1",
            tr_af="web",
            tr_tt="19.99",
            tr_tx="3.19",
            tr_sh="4.90",
            tr_cu="EUR",
            tr_ci="Musterstadt",
            tr_st="BE",
            tr_co="DE",
        ),
        {
            "name": "order_completed",
            "order_id": "O1",
            "affiliation": "web",
            "order_value": Decimal("19.99"),
            "order_tax": Decimal("3.19"),
            "order_shipping": Decimal("4.9"),
            "currency": "EUR",
        },
        {"country": "DE"},
        ["personal_data_removed"],
    ),
    Case(
        "a legacy item alone",
        plain("ti", ti_id="O9", ti_sk="SKU9", ti_nm="Tee", ti_ca="Men", ti_pr="9.99", ti_qu="3", ti_cu="EUR"),
        {
            "name": "custom:transaction_item",
            "order_id": "O9",
            "items.product_id": ["SKU9"],
            "items.name": ["Tee"],
            "items.category": ["Men"],
            "items.price": [Decimal("9.99")],
            "items.quantity": [3],
            "items.currency": ["EUR"],
        },
    ),
    Case("a legacy item's other name", plain("ti", ti_id="O8", ti_sk="SKU8", ti_na="Tee"), {"items.name": ["Tee"]}),
    Case(
        "an old ad impression",
        plain("ad", ad_ba="banner", ad_ca="campaign", ad_ad="advertiser", ad_uid="u"),
        {"name": "custom:ad_impression"},
        {"ad_ba": "banner", "ad_ca": "campaign", "ad_ad": "advertiser", "ad_uid": "u"},
    ),
    Case("an unknown type of event", plain("xx"), {"name": "custom:xx"}, {}, ["unknown_event"]),
    Case(
        "a link",
        self_describing(
            told(
                SNOWPLOW,
                "link_click",
                {
                    "targetUrl": "https://other.example/a?token=1",
                    "elementId": "footer",
                    "elementClasses": ["a", "b"],
                    "elementTarget": "_blank",
                    "elementContent": "more",
                },
                "1-0-1",
            )
        ),
        {
            "name": "link_clicked",
            "link_url": "https://other.example/a",
            "element_id": "footer",
            "schema_ref": uri(SNOWPLOW, "link_click", "1-0-1"),
        },
        {"elementClasses": ["a", "b"], "elementTarget": "_blank", "elementContent": "more"},
    ),
    Case(
        "a search",
        self_describing(
            told(
                SNOWPLOW,
                "site_search",
                {"terms": ["blue", "tee"], "filters": {"size": "M", "sale": True}, "totalResults": 42, "pageResults": 24},
            )
        ),
        {
            "name": "search_performed",
            "search_query": "blue tee",
            "search_filters": {"size": "M", "sale": "true"},
            "search_result_count": 42,
            "search_page_results": 24,
        },
    ),
    Case("a product's page", action("product_view", WHOLE_PRODUCT), {"name": "product_viewed"} | WHOLE_ITEM),
    Case(
        "a list is one row with its items",
        action("list_view", product(position=1), product(id="SKU2", price=5.1, position=2), name="search results"),
        {
            "name": "product_impression",
            "list_name": "search results",
            "items.product_id": ["SKU1", "SKU2"],
            "items.position": [1, 2],
            "items.price": [Decimal("19.99"), Decimal("5.1")],
        },
    ),
    Case(
        "a click in a list",
        action("list_click", product(position=2), name="Tees"),
        {"name": "product_clicked", "list_name": "Tees", "items.position": [2]},
    ),
    Case(
        "into the cart",
        action("add_to_cart", product(quantity=3), CART),
        {"name": "product_added", "items.quantity": [3]} | IN_CART,
    ),
    Case(
        "out of the cart",
        action("remove_from_cart", product(quantity=1), CART),
        {"name": "product_removed", "items.quantity": [1]} | IN_CART,
    ),
    Case("our own tracker's cart", self_describing(told("com.gxy", "cart_view", {}), CART), {"name": "cart_viewed"} | IN_CART),
    Case("a promotion seen", action("promo_view", PROMOTION), {"name": "promotion_viewed"} | PROMOTED),
    Case("a promotion clicked", action("promo_click", PROMOTION), {"name": "promotion_clicked"} | PROMOTED),
    Case(
        "a step of the checkout, without its addresses",
        action("checkout_step", CHECKOUT),
        {
            "name": "checkout_step",
            "checkout_step": 2,
            "shipping_method": "parcel",
            "payment_method": "card",
            "checkout_option": "guest",
            "coupon": "AUTUMN",
        },
        {"delivery_provider": "DHL", "proof_of_payment": "invoice", "marketing_opt_in": True},
        ["personal_data_removed"],
    ),
    Case(
        "an order",
        action("transaction", WHOLE_PRODUCT, TRANSACTION),
        {"name": "order_completed"} | ORDER | WHOLE_ITEM,
        {"credit_order": False},
    ),
    Case(
        "a refund",
        action(
            "refund",
            told(
                ECOMMERCE,
                "refund",
                {"transaction_id": "T1", "currency": "EUR", "refund_amount": 19.99, "refund_reason": "too small"},
            ),
            product(quantity=1),
        ),
        {
            "name": "order_refunded",
            "order_id": "T1",
            "order_value": Decimal("19.99"),
            "currency": "EUR",
            "items.product_id": ["SKU1"],
        },
        {"refund_reason": "too small"},
    ),
    Case(
        "a payment that failed",
        action(
            "trns_error",
            TRANSACTION,
            told(
                ECOMMERCE,
                "transaction_error",
                {
                    "error_code": "E05",
                    "error_shortcode": "DECLINED",
                    "error_description": "declined",
                    "error_type": "hard",
                    "resolution": "retry",
                },
            ),
        ),
        {"name": "payment_failed"} | ORDER,
        {
            "credit_order": False,
            "error_code": "E05",
            "error_shortcode": "DECLINED",
            "error_description": "declined",
            "error_type": "hard",
            "resolution": "retry",
        },
    ),
    Case(
        "page, session, web page and customer come with any event",
        plain(
            "pv",
            duid=None,
            **contexts(
                told(SNOWPLOW, "web_page", {"id": "page-view-1"}),
                told(
                    SNOWPLOW,
                    "client_session",
                    {
                        "userId": "device-1",
                        "sessionId": "session-9",
                        "eventIndex": 7,
                        "sessionIndex": 2,
                        "previousSessionId": None,
                        "storageMechanism": "COOKIE_1",
                        "firstEventId": "first-1",
                        "firstEventTimestamp": "2026-11-22T11:17:17.759Z",
                    },
                    "1-0-2",
                ),
                told(ECOMMERCE, "page", {"type": "product", "language": "en", "locale": "en-GB"}),
                told(ECOMMERCE, "user", {"id": "u1", "is_guest": False, "email": "a@b.example"}),
            ),
        ),
        {
            "page_view_id": "page-view-1",
            "anonymous_id": "device-1",
            "session_id": "session-9",
            "session_index": 2,
            "session_seq": 7,
            "page_type": "product",
            "customer_pid != ''": 1,
            "traits": '{"is_guest":false}',
        },
        {"first_event_id": "first-1", "page_language": "en", "page_locale": "en-GB"},
        ["personal_data_removed"],
    ),
    Case(
        "the legacy event of a cart",
        self_describing(
            told(
                SNOWPLOW,
                "add_to_cart",
                {"sku": "SKU1", "name": "Tee", "category": "Men", "unitPrice": 9.99, "quantity": 2, "currency": "EUR"},
            )
        ),
        {
            "name": "product_added",
            "items.product_id": ["SKU1"],
            "items.name": ["Tee"],
            "items.category": ["Men"],
            "items.price": [Decimal("9.99")],
            "items.quantity": [2],
            "items.currency": ["EUR"],
        },
    ),
    Case(
        "its counterpart",
        self_describing(told(SNOWPLOW, "remove_from_cart", {"sku": "SKU1", "quantity": 2})),
        {"name": "product_removed", "items.product_id": ["SKU1"], "items.quantity": [2]},
    ),
    Case(
        "a shop's own event, with an entity of its own",
        self_describing(
            told("example.shop", "size_guide", {"opened": True, "price": 1.50}, "2-0-1"),
            told("example.shop", "fitting", {"room": 3}),
        ),
        {"name": "custom:size_guide", "schema_ref": uri("example.shop", "size_guide", "2-0-1")},
        {"opened": True, "price": 1.5, "entities": [told("example.shop", "fitting", {"room": 3})]},
    ),
    Case(
        "consent, as the consent plugin says it",
        self_describing(
            told(
                SNOWPLOW,
                "consent_preferences",
                {"eventType": "allow_selected", "basisForProcessing": "consent", "consentScopes": ["analytics", "ads"]},
            )
        ),
        {"name": "custom:consent_preferences", "consent": {"analytics": True, "ads": True}},
        {"eventType": "allow_selected", "basisForProcessing": "consent", "consentScopes": ["analytics", "ads"]},
    ),
    Case(
        "what the plugin leaves out costs a warning, not the event",
        action(
            "transaction",
            told(ECOMMERCE, "product", {"id": 7, "price": "5.10", "currency": "EUR", "quantity": "2"}),
            told(
                ECOMMERCE, "transaction", {"transaction_id": "T2", "revenue": "5.10", "currency": "EUR", "payment_method": "card"}
            ),
        ),
        {
            "name": "order_completed",
            "order_id": "T2",
            "order_value": Decimal("5.1"),
            "items.product_id": ["7"],
            "items.price": [Decimal("5.1")],
            "items.quantity": [2],
        },
        {},
        ["missing:/items/category", "missing:/order/quantity"],
    ),
]
