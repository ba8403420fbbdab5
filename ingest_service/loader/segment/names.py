"""Names of the e-commerce specification, both versions, and the canonical name of each. What they carry is in `layouts`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gxy_analytics.contracts.event_types.registry import CUSTOM_PREFIX

SPEC: Mapping[str, str] = MappingProxyType(
    {
        "Products Searched": "search_performed",
        "Product List Viewed": "product_impression",
        "Product List Filtered": "product_impression",
        "Product Clicked": "product_clicked",
        "Product Viewed": "product_viewed",
        "Product Added": "product_added",
        "Product Removed": "product_removed",
        "Cart Viewed": "cart_viewed",
        "Cart Shared": "cart_shared",
        "Product Shared": "product_shared",
        "Product Reviewed": "product_reviewed",
        "Product Added to Wishlist": "wishlist_product_added",
        "Product Removed from Wishlist": "wishlist_product_removed",
        "Wishlist Product Added to Cart": "product_added",
        "Checkout Started": "checkout_started",
        "Checkout Step Viewed": "checkout_step",
        "Checkout Step Completed": "checkout_step",
        "Payment Info Entered": "payment_info_entered",
        "Order Completed": "order_completed",
        "Order Updated": "order_updated",
        "Order Refunded": "order_refunded",
        "Order Cancelled": "order_cancelled",
        "Promotion Viewed": "promotion_viewed",
        "Promotion Clicked": "promotion_clicked",
        "Coupon Entered": "coupon_entered",
        "Coupon Applied": "coupon_applied",
        "Coupon Denied": "coupon_denied",
        "Coupon Removed": "coupon_removed",
    }
)
ALIASES: Mapping[str, str] = MappingProxyType(  # of the first version, and one spelling
    {
        "Searched Products": "Products Searched",
        "Viewed Product Category": "Product List Viewed",
        "Product Category Viewed": "Product List Viewed",
        "Viewed Product List": "Product List Viewed",
        "Filtered Product List": "Product List Filtered",
        "Clicked Product": "Product Clicked",
        "Viewed Product": "Product Viewed",
        "Added Product": "Product Added",
        "Removed Product": "Product Removed",
        "Viewed Cart": "Cart Viewed",
        "Started Checkout": "Checkout Started",
        "Viewed Checkout Step": "Checkout Step Viewed",
        "Completed Checkout Step": "Checkout Step Completed",
        "Entered Payment Info": "Payment Info Entered",
        "Completed Order": "Order Completed",
        "Updated Order": "Order Updated",
        "Refunded Order": "Order Refunded",
        "Cancelled Order": "Order Cancelled",
        "Order Canceled": "Order Cancelled",
        "Viewed Promotion": "Promotion Viewed",
        "Clicked Promotion": "Promotion Clicked",
        "Wishlist Product Added": "Product Added to Wishlist",
        "Wishlist Product Removed": "Product Removed from Wishlist",
    }
)


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


_EXACT = dict(SPEC)
_PLAIN = {_plain(name): canonical for name, canonical in SPEC.items()} | {
    _plain(alias): SPEC[name] for alias, name in ALIASES.items()
}


def canonical_name(name: str) -> str:
    """The canonical name of a track call: the specification's without regard to case, `_` and `-`, else `custom:<name>`."""
    return _EXACT.get(name) or _PLAIN.get(_plain(name)) or CUSTOM_PREFIX + name
