"""The e-commerce specification of Segment and RudderStack, both versions: every event and every property lands in its field."""

from __future__ import annotations

from typing import Any

import pytest
from segment_calls import Json, at, request, tracked

from ingest_service.loader.draft import Draft
from ingest_service.loader.segment.adapter import SEGMENT
from ingest_service.loader.segment.names import ALIASES, SPEC


@pytest.mark.parametrize(("name", "canonical"), [*SPEC.items(), *((alias, SPEC[name]) for alias, name in ALIASES.items())])
def test_every_name_of_both_versions_is_known_however_it_is_written(name: str, canonical: str) -> None:
    for written in (name, name.lower(), name.upper(), name.replace(" ", "_").lower(), f"  {name}  "):
        event = tracked(written)
        assert (event["name"], event["schema_ref"]) == (canonical, written)


ITEM = {
    "product_id": "507f",
    "sku": "G-32",
    "category": "Games",
    "name": "Monopoly",
    "brand": "Hasbro",
    "variant": "200 pieces",
    "price": 18.99,
    "quantity": 2,
    "coupon": "MAYDEALS",
    "position": 3,
    "url": "https://s.example/p/507f",
    "image_url": "https://s.example/i/507f.png",
    "size": "L",
    "list_price": 25,
    "stock": "low",
    "creative": "dark",
}
ONE_PRODUCT = [
    "Product Clicked",
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Product Shared",
    "Product Reviewed",
    "Product Added to Wishlist",
    "Product Removed from Wishlist",
    "Wishlist Product Added to Cart",
]
MANY_PRODUCTS = [
    "Product List Viewed",
    "Product List Filtered",
    "Products Searched",
    "Cart Viewed",
    "Cart Shared",
    "Checkout Started",
    "Order Completed",
    "Order Updated",
    "Order Refunded",
    "Order Cancelled",
    "Promotion Viewed",
]


@pytest.mark.parametrize("name", ONE_PRODUCT)
def test_the_one_product_of_an_event_is_its_item(name: str) -> None:
    event = tracked(name, **ITEM, currency="EUR")
    assert event["items"] == [ITEM | {"currency": "EUR"}]
    assert event.get("properties") is None
    assert event["warnings"] == []


@pytest.mark.parametrize("name", MANY_PRODUCTS)
def test_products_are_items_in_the_events_currency_unless_they_name_their_own(name: str) -> None:
    event = tracked(name, products=[ITEM, {"id": "2", "currency": "USD"}, {"product_id": 3}], currency="EUR")
    assert event["items"] == [
        ITEM | {"currency": "EUR"},
        {"product_id": "2", "currency": "USD"},
        {"product_id": "3", "currency": "EUR"},
    ]
    assert event["warnings"] == []


ORDER = {
    "order_id": ("order.order_id", "o-1"),
    "affiliation": ("order.affiliation", "Store"),
    "total": ("order.value", 27.5),
    "subtotal": ("order.subtotal", 22.5),
    "shipping": ("order.shipping", 3),
    "tax": ("order.tax", 2),
    "discount": ("order.discount", 2.5),
    "coupon": ("order.coupon", "hasbros"),
    "currency": ("order.currency", "USD"),
    "payment_method": ("order.payment_method", "card"),
    "checkout_id": ("checkout.checkout_id", "c-1"),
    "shipping_method": ("checkout.shipping_method", "parcel"),
    "cart_id": ("cart.cart_id", "k-1"),
    "session_id": ("session_id", "s-1"),
}
STEP = {name: ORDER[name] for name in ("order_id", "affiliation", "total", "coupon", "currency", "checkout_id", "cart_id")} | {
    "step": ("checkout.step", 2),
    "shipping_method": ("checkout.shipping_method", "parcel"),
    "payment_method": ("checkout.payment_method", "card"),
    "option": ("checkout.option", "gift"),
}
LIST = {"list_id": ("list.list_id", "l-1"), "list_name": ("list.name", "Games")}
CART = {"cart_id": ("cart.cart_id", "k-1"), "currency": ("cart.currency", "EUR")}
WISHLIST = {"wishlist_id": ("list.list_id", "w-1"), "wishlist_name": ("list.name", "Loved")}
COUPON = {
    "coupon_id": ("order.coupon", "may"),
    "order_id": ("order.order_id", "o-1"),
    "cart_id": ("cart.cart_id", "k-1"),
    "discount": ("order.discount", 5.25),
}
PROMOTION = {
    "promotion_id": ("promotion.promotion_id", "p-1"),
    "creative": ("promotion.creative", "top"),
    "name": ("promotion.name", "75 % off"),
    "slot": ("promotion.slot", "hero"),
    "position": ("promotion.position", 2),
    "type": ("promotion.type", "banner"),
}
TABLES: dict[str, dict[str, tuple[str, Any]]] = {
    "Products Searched": {"query": ("search.query", "roses"), "result_count": ("search.result_count", 7)},
    "Product List Viewed": LIST | {"category": ("list.category", "Deals")},
    "Product List Filtered": LIST | {"category": ("list.category", "Deals")},
    "Product Clicked": LIST,
    "Product Added": CART | {"cart_value": ("cart.value", 37.98)},
    "Product Removed": CART,
    "Wishlist Product Added to Cart": CART | WISHLIST,
    "Product Added to Wishlist": WISHLIST,
    "Product Removed from Wishlist": WISHLIST,
    "Cart Viewed": CART | {"value": ("cart.value", 37.98)},
    "Cart Shared": CART,
    "Checkout Started": ORDER,
    "Checkout Step Viewed": STEP,
    "Checkout Step Completed": STEP,
    "Payment Info Entered": STEP,
    "Order Completed": ORDER,
    "Order Updated": ORDER,
    "Order Refunded": ORDER,
    "Order Cancelled": ORDER,
    "Promotion Viewed": PROMOTION,
    "Promotion Clicked": PROMOTION,
    **dict.fromkeys(("Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed"), COUPON),
}


@pytest.mark.parametrize(
    ("name", "field", "path", "value"),
    [(name, field, path, value) for name, table in TABLES.items() for field, (path, value) in table.items()],
)
def test_every_property_of_the_specification_has_its_field(name: str, field: str, path: str, value: Any) -> None:
    event = tracked(name, **{field: value})
    assert at(event, path) == value
    assert event.get("properties") is None
    assert event["warnings"] == []


@pytest.mark.parametrize(
    ("name", "properties", "paths"),
    [
        ("Order Completed", {"value": 9, "revenue": 8}, {"order.value": 9, "order.subtotal": 8}),
        ("Order Completed", {"revenue": 8}, {"order.value": 8, "order.subtotal": None}),
        ("Order Completed", {"total": 9, "value": 7}, {"order.value": 9, "properties.value": 7}),
        ("Order Completed", {"total": 9, "subtotal": 6, "revenue": 5}, {"order.subtotal": 6, "properties.revenue": 5}),
        ("Completed Order", {"orderId": "o-1"}, {"order.order_id": "o-1"}),
        ("Completed Order", {"id": "o-1"}, {"order.order_id": "o-1"}),
        ("Product Viewed", {"id": "p"}, {"items.product_id": "p"}),
        ("Product Viewed", {"id": "i", "product_id": "p"}, {"items.product_id": "p", "properties.id": "i"}),
        ("Product Viewed", {"product_id": "p", "value": 5}, {"properties.value": 5}),
        ("Product Viewed", {"currency": "EUR"}, {"properties.currency": "EUR"}),
        ("Promotion Viewed", {"id": "p"}, {"promotion.promotion_id": "p"}),
        ("Promotion Viewed", {"position": "home_top"}, {"promotion.slot": "home_top", "promotion.position": None}),
        ("Coupon Applied", {"coupon": "may"}, {"order.coupon": "may"}),
        ("Coupon Denied", {"coupon_name": "May", "reason": "late"}, {"order.coupon": "May", "properties.reason": "late"}),
        ("Product List Viewed", {"category": "Deals"}, {"list.category": "Deals", "list.name": "Deals"}),
        ("Product List Viewed", {"name": "Sale", "category": "Deals"}, {"list.category": "Deals", "list.name": "Sale"}),
        ("Products Searched", {"query": {"text": "roses", "page": 1}}, {"search.query": "roses"}),
        ("Products Searched", {"query": {"colour": "red"}}, {"search.query": '{"colour":"red"}'}),
        ("Products Searched", {"query": ["blue", "roses"]}, {"search.query": "blue,roses"}),
        ("Products Searched", {"query": "x", "total_results": 7}, {"search.result_count": 7}),
        (
            "Product List Filtered",
            {
                "filters": [
                    {"type": "brand", "value": "A"},
                    {"type": "brand", "value": "B"},
                    {"type": "size", "value": ["S", "M"]},
                ],
                "sorts": [{"type": "price", "value": "desc"}],
            },
            {"list.filters": {"brand": "A,B", "size": "S,M"}, "list.sorts": {"price": "desc"}},
        ),
        ("Product Reviewed", {"product_id": "p", "rating": "5.0"}, {"properties.rating": "5.0"}),
        ("Order Completed", {"products": {"product_id": "p"}}, {"items.product_id": "p"}),
        ("Order Completed", {"products": [{"product_id": "p", "engraving": "x"}]}, {"properties.products.0.engraving": "x"}),
    ],
)
def test_what_can_be_said_in_several_ways_ends_in_one(name: str, properties: Json, paths: Json) -> None:
    event = tracked(name, **properties)
    assert {path: at(event, path) for path in paths} == paths


def test_what_a_product_says_beyond_an_item_is_kept_under_its_position() -> None:
    event = tracked(
        "Order Completed", order_id="o", products=[{"product_id": "p"}, {"product_id": "q", "engraving": "x"}, "text"]
    )
    assert [item["product_id"] for item in event["items"]] == ["p", "q"]
    assert event["properties"] == {"products": {"1": {"engraving": "x"}, "2": "text"}}
    assert event["warnings"] == ["invalid:/properties/products"]


@pytest.mark.parametrize(
    ("field", "given", "path", "value", "warning"),
    [
        ("price", "18.99", "items.price", 18.99, "coerced:/properties/price"),
        ("price", "cheap", "properties.price", "cheap", "invalid:/properties/price"),
        ("price", True, "properties.price", True, "invalid:/properties/price"),
        ("quantity", "2", "items.quantity", 2, "coerced:/properties/quantity"),
        ("quantity", 2.0, "items.quantity", 2, "coerced:/properties/quantity"),
        ("quantity", -1, "properties.quantity", -1, "invalid:/properties/quantity"),
        ("name", 7, "items.name", "7", "coerced:/properties/name"),
        ("name", ["x"], "properties.name", ["x"], "invalid:/properties/name"),
        ("product_id", "x" * 201, "properties.product_id", "x" * 201, "invalid:/properties/product_id"),
    ],
)
def test_a_value_of_another_type_is_read_if_it_can_be_and_kept_if_not(
    field: str, given: Any, path: str, value: Any, warning: str
) -> None:
    event = tracked("Product Viewed", sku="s", **{field: given})
    assert at(event, path) == value
    assert event["warnings"] == [warning]


def test_amounts_keep_every_digit() -> None:
    body = b'{"type":"track","event":"Product Viewed","messageId":"m","userId":"u","properties":{"price":19.9900000000000000001}}'
    draft = Draft()
    SEGMENT.read(body, request("track"), draft)
    assert bytes(draft.events[0].items[0].price) == b"19.9900000000000000001"
