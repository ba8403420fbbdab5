"""The backend's tables, one entry each: adding a table is adding an entry here and its DDL in `warehouse/ddl`.

`TABLES` is in dependency order: tenants first, for they give every other row its slug. docs/reference/oltp.md explains the tags.
"""

from __future__ import annotations

from gxy_analytics.contracts.table_spec import Check, Column, ColumnType, Join, Null, Pii, TableSpec, VaultTable

ID, INTEGER, MONEY = ColumnType.ID, ColumnType.INTEGER, ColumnType.MONEY
TEXT, CODE, FLAG, INSTANT = ColumnType.TEXT, ColumnType.CODE, ColumnType.FLAG, ColumnType.INSTANT
DEFAULT, KEEP = Null.DEFAULT, Null.KEEP

# Null where a backend never set them: 1970-01-01 says so, and no row is lost for it.
TIMES = (Column("created_at", "created_at", INSTANT, DEFAULT), Column("updated_at", "updated_at", INSTANT, DEFAULT))


def _money(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, MONEY) for name in names)


def _codes(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, CODE, DEFAULT) for name in names)


TENANTS = TableSpec(
    source="tenants",
    key_column="tenant_id",
    id_column="oltp_id",
    tenant="id",
    columns=(
        Column("tenant_id", "slug", CODE, check=Check.SLUG),
        Column("oltp_id", "id", ID),
        Column("name", "name", TEXT, DEFAULT),
        *_codes("plan", "country"),
        Column("currency", "currency", CODE, check=Check.CURRENCY),
        Column("timezone", "timezone", CODE, check=Check.TIMEZONE),
        *_codes("status"),
        *TIMES,
    ),
)

CUSTOMERS = TableSpec(
    source="customers",
    key_column="customer_pid",
    id_column="",
    deleted_at="deleted_at",
    vault=VaultTable("customers", "customer_pid"),
    columns=(
        Column("customer_pid", "id", TEXT, pii=Pii.PSEUDONYM),
        Column("", "email", TEXT, DEFAULT, Pii.VAULT),
        Column("", "phone", TEXT, DEFAULT, Pii.VAULT),
        Column("", "first_name", TEXT, DEFAULT, Pii.VAULT),
        Column("", "last_name", TEXT, DEFAULT, Pii.VAULT),
        Column("birth_year", "birth_date", ColumnType.YEAR, KEEP, Pii.GENERALISE_YEAR),
        *_codes("gender", "country"),
        Column("region", "region", TEXT, DEFAULT),
        Column("city", "city", TEXT, DEFAULT),
        Column("postal_code", "postal_code", TEXT, DEFAULT),
        Column("accepts_marketing", "accepts_marketing", FLAG, DEFAULT),
        *TIMES,
    ),
)

CATEGORIES = TableSpec(
    source="categories",
    key_column="category_id",
    id_column="category_id",
    columns=(
        Column("category_id", "id", ID),
        Column("parent_id", "parent_id", ID, DEFAULT),
        Column("name", "name", TEXT),
        Column("slug", "slug", TEXT, DEFAULT),
        *TIMES,
    ),
)

PRODUCTS = TableSpec(
    source="products",
    key_column="product_id",
    id_column="product_id",
    deleted_at="deleted_at",
    columns=(
        Column("product_id", "id", ID),
        Column("category_id", "category_id", ID, DEFAULT),
        Column("sku", "sku", TEXT, DEFAULT),
        Column("name", "name", TEXT),
        *_codes("brand"),
        *_money("price"),
        Column("cost", "cost", MONEY, KEEP),
        Column("currency", "currency", CODE, check=Check.CURRENCY),
        Column("stock_quantity", "stock_quantity", INTEGER, DEFAULT),
        *_codes("status"),
        *TIMES,
    ),
)

ORDERS = TableSpec(
    source="orders",
    key_column="order_id",
    id_column="order_id",
    arrival_column="placed_at",
    vault=VaultTable("orders", "order_id", has_customer=True),
    columns=(
        Column("order_id", "id", ID),
        Column("customer_pid", "customer_id", TEXT, DEFAULT, Pii.PSEUDONYM),
        Column("number", "number", TEXT, DEFAULT),
        Column("status", "status", CODE),
        Column("currency", "currency", CODE, check=Check.CURRENCY),
        *_money("subtotal", "discount_total", "shipping_total", "tax_total", "grand_total"),
        *_codes("coupon_code", "channel"),
        Column("ip_truncated", "ip_address", TEXT, DEFAULT, Pii.TRUNCATE_IP),
        *_codes("billing_country", "shipping_country"),
        Column("shipping_city", "shipping_city", TEXT, DEFAULT),
        Column("shipping_postal_code", "shipping_postal_code", TEXT, DEFAULT),
        Column("placed_at", "placed_at", INSTANT, check=Check.ARRIVAL),
        Column("cancelled_at", "cancelled_at", INSTANT, KEEP),
        *TIMES,
    ),
)

ORDER_ITEMS = TableSpec(
    source="order_items",
    key_column="order_item_id",
    id_column="order_item_id",
    arrival_column="placed_at",
    joins=(Join("orders", "order_id"),),
    columns=(
        Column("order_item_id", "id", ID),
        Column("order_id", "order_id", ID),
        Column("product_id", "product_id", ID, DEFAULT),
        Column("quantity", "quantity", INTEGER),
        *_money("unit_price", "discount", "tax", "total"),
        Column("placed_at", "placed_at", INSTANT, check=Check.ARRIVAL, join="orders"),
        *TIMES,
    ),
)

PAYMENTS = TableSpec(
    source="payments",
    key_column="payment_id",
    id_column="payment_id",
    arrival_column="processed_at",
    columns=(
        Column("payment_id", "id", ID),
        Column("order_id", "order_id", ID),
        *_codes("provider", "method"),
        Column("status", "status", CODE),
        *_money("amount"),
        Column("currency", "currency", CODE, check=Check.CURRENCY),
        Column("card_fingerprint", "card_fingerprint", TEXT, DEFAULT),
        *_codes("card_country"),
        Column("processed_at", "processed_at", INSTANT, check=Check.ARRIVAL),
        *TIMES,
    ),
)

SHIPMENTS = TableSpec(
    source="shipments",
    key_column="shipment_id",
    id_column="shipment_id",
    columns=(
        Column("shipment_id", "id", ID),
        Column("order_id", "order_id", ID),
        *_codes("carrier", "status"),
        Column("promised_at", "promised_at", INSTANT, KEEP),
        Column("shipped_at", "shipped_at", INSTANT, KEEP),
        Column("delivered_at", "delivered_at", INSTANT, KEEP),
        *TIMES,
    ),
)

REFUNDS = TableSpec(
    source="refunds",
    key_column="refund_id",
    id_column="refund_id",
    arrival_column="processed_at",
    joins=(Join("orders", "order_id"), Join("order_items", "order_item_id")),
    columns=(
        Column("refund_id", "id", ID),
        Column("order_id", "order_id", ID),
        Column("order_item_id", "order_item_id", ID, DEFAULT),
        Column("product_id", "product_id", ID, DEFAULT, join="order_items"),
        *_money("amount"),
        Column("currency", "currency", CODE, check=Check.CURRENCY, join="orders"),
        Column("quantity", "quantity", INTEGER, DEFAULT),
        *_codes("reason"),
        Column("processed_at", "processed_at", INSTANT, check=Check.ARRIVAL),
        *TIMES,
    ),
)

COUPONS = TableSpec(
    source="coupons",
    key_column="coupon_id",
    id_column="coupon_id",
    columns=(
        Column("coupon_id", "id", ID),
        Column("code", "code", TEXT),
        *_codes("kind"),
        *_money("value"),
        Column("starts_at", "starts_at", INSTANT, KEEP),
        Column("ends_at", "ends_at", INSTANT, KEEP),
        *TIMES,
    ),
)

TABLES: dict[str, TableSpec] = {
    spec.source: spec
    for spec in (
        TENANTS,
        CUSTOMERS,
        CATEGORIES,
        PRODUCTS,
        COUPONS,
        ORDERS,
        ORDER_ITEMS,
        PAYMENTS,
        SHIPMENTS,
        REFUNDS,
    )
}
