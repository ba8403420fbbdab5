"""The tables the simulator fills, as the backend has them: columns, natural keys, and what may change later.

Constants only; statements are run by `backend.py`, rows are made by `backend_rows.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One OLTP table. Rows are tuples in the order of `columns`; `key` is unique within a tenant."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    mutable: tuple[str, ...] = ()

    def at(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Positions of the columns `names` in a row."""
        return tuple(self.columns.index(name) for name in names)


CATEGORIES = Table("categories", ("tenant_id", "name", "slug", "created_at"), ("slug",))
PRODUCTS = Table(
    "products",
    ("tenant_id", "category_id", "sku", "name", "brand", "price", "cost", "currency", "stock_quantity", "status", "created_at"),
    ("sku",),
)
COUPONS = Table("coupons", ("tenant_id", "code", "kind", "value", "starts_at", "created_at"), ("code",))
CUSTOMERS = Table(
    "customers",
    (
        "tenant_id", "email", "phone", "first_name", "last_name", "birth_date", "gender", "country", "region", "city",
        "postal_code", "accepts_marketing", "created_at",
    ),
    ("email",),
)  # fmt: skip
ORDERS = Table(
    "orders",
    (
        "tenant_id", "customer_id", "number", "status", "currency", "subtotal", "discount_total", "shipping_total", "tax_total",
        "grand_total", "coupon_code", "channel", "ip_address", "billing_country", "shipping_country", "shipping_city",
        "shipping_postal_code", "placed_at", "cancelled_at", "created_at",
    ),
    ("number",),
    ("status", "cancelled_at"),
)  # fmt: skip
ORDER_ITEMS = Table(
    "order_items",
    ("tenant_id", "order_id", "product_id", "quantity", "unit_price", "discount", "tax", "total", "created_at"),
    ("order_id", "product_id"),
)
PAYMENTS = Table(
    "payments",
    (
        "tenant_id", "order_id", "provider", "method", "status", "amount", "currency", "card_fingerprint", "card_country",
        "processed_at", "created_at",
    ),
    ("order_id", "processed_at"),
)  # fmt: skip
SHIPMENTS = Table(
    "shipments",
    ("tenant_id", "order_id", "carrier", "status", "promised_at", "shipped_at", "delivered_at", "created_at"),
    ("order_id",),
    ("status", "shipped_at", "delivered_at"),
)
REFUNDS = Table(
    "refunds",
    ("tenant_id", "order_id", "order_item_id", "amount", "quantity", "reason", "processed_at", "created_at"),
    ("order_id", "order_item_id", "processed_at"),
)
