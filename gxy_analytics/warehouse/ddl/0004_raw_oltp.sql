-- The backend's tables as extracted: slug for tenant, pid for customer, no personal data. A version is written only when its content changed.
-- Read with FINAL. `is_deleted`: soft-deleted at the source, or gone from it.
create table raw.oltp_tenants
(
    tenant_id LowCardinality(String) comment 'slug',
    oltp_id UInt64,
    name String,
    plan LowCardinality(String),
    country LowCardinality(String),
    currency LowCardinality(String),
    timezone LowCardinality(String),
    status LowCardinality(String),
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(extracted_at)
order by tenant_id
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_customers
(
    tenant_id LowCardinality(String),
    customer_pid String comment 'HMAC-SHA256(tenant key, customer id), lower-case hex',
    birth_year Nullable(UInt16) comment 'All that leaves the vault of a birth date',
    gender LowCardinality(String),
    country LowCardinality(String),
    region String,
    city String,
    postal_code String,
    accepts_marketing Bool,
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, customer_pid)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_categories
(
    tenant_id LowCardinality(String),
    category_id UInt64,
    parent_id UInt64 comment '0 for a root',
    name String,
    slug String,
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, category_id)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_products
(
    tenant_id LowCardinality(String),
    product_id UInt64,
    category_id UInt64 comment '0 for none',
    sku String,
    name String,
    brand LowCardinality(String),
    price Decimal(18, 4),
    cost Nullable(Decimal(18, 4)),
    currency LowCardinality(String),
    stock_quantity Int64,
    status LowCardinality(String),
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, product_id)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_orders
(
    tenant_id LowCardinality(String),
    order_id UInt64,
    customer_pid String comment 'Empty for a guest',
    number String,
    status LowCardinality(String) comment 'pending, paid, fulfilled, cancelled',
    currency LowCardinality(String),
    subtotal Decimal(18, 4),
    discount_total Decimal(18, 4),
    shipping_total Decimal(18, 4),
    tax_total Decimal(18, 4),
    grand_total Decimal(18, 4),
    coupon_code LowCardinality(String),
    channel LowCardinality(String),
    ip_truncated String comment 'IPv4 /24, IPv6 /48; the full address is in pii.orders',
    billing_country LowCardinality(String),
    shipping_country LowCardinality(String),
    shipping_city String,
    shipping_postal_code String,
    placed_at DateTime64(6, 'UTC') comment 'Never changes: it decides the order''s day',
    cancelled_at Nullable(DateTime64(6, 'UTC')),
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC'),
    index placed_at_minmax placed_at type minmax granularity 1
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, order_id)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_order_items
(
    tenant_id LowCardinality(String),
    order_item_id UInt64,
    order_id UInt64,
    product_id UInt64 comment '0 for none',
    quantity Int64,
    unit_price Decimal(18, 4),
    discount Decimal(18, 4),
    tax Decimal(18, 4),
    total Decimal(18, 4),
    placed_at DateTime64(6, 'UTC') comment 'orders.placed_at of its order',
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC'),
    index placed_at_minmax placed_at type minmax granularity 1
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, order_item_id)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_payments
(
    tenant_id LowCardinality(String),
    payment_id UInt64,
    order_id UInt64,
    provider LowCardinality(String),
    method LowCardinality(String),
    status LowCardinality(String) comment 'authorized, captured, failed, chargeback',
    amount Decimal(18, 4),
    currency LowCardinality(String),
    card_fingerprint String,
    card_country LowCardinality(String),
    processed_at DateTime64(6, 'UTC'),
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC'),
    index processed_at_minmax processed_at type minmax granularity 1
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, payment_id)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_shipments
(
    tenant_id LowCardinality(String),
    shipment_id UInt64,
    order_id UInt64,
    carrier LowCardinality(String),
    status LowCardinality(String),
    promised_at Nullable(DateTime64(6, 'UTC')),
    shipped_at Nullable(DateTime64(6, 'UTC')),
    delivered_at Nullable(DateTime64(6, 'UTC')),
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, shipment_id)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_refunds
(
    tenant_id LowCardinality(String),
    refund_id UInt64,
    order_id UInt64,
    order_item_id UInt64 comment '0 for a refund of the order as a whole',
    product_id UInt64 comment 'product_id of the refunded line, 0 for none',
    amount Decimal(18, 4),
    currency LowCardinality(String) comment 'Of the order',
    quantity Int64,
    reason LowCardinality(String),
    processed_at DateTime64(6, 'UTC') comment 'Decides the day of the return',
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC'),
    index processed_at_minmax processed_at type minmax granularity 1
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, refund_id)
settings non_replicated_deduplication_window = 1000;

create table raw.oltp_coupons
(
    tenant_id LowCardinality(String),
    coupon_id UInt64,
    code String,
    kind LowCardinality(String),
    value Decimal(18, 4),
    starts_at Nullable(DateTime64(6, 'UTC')),
    ends_at Nullable(DateTime64(6, 'UTC')),
    created_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    is_deleted Bool,
    row_hash UInt64,
    extracted_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, coupon_id)
settings non_replicated_deduplication_window = 1000;

create materialized view governance.arrivals_orders to governance.arrivals as
select tenant_id, 'oltp_orders' as source, toStartOfFifteenMinutes(toDateTime(placed_at, 'UTC')) as bucket_at, count() as arrived
from raw.oltp_orders
group by tenant_id, bucket_at;

create materialized view governance.arrivals_order_items to governance.arrivals as
select tenant_id, 'oltp_order_items' as source, toStartOfFifteenMinutes(toDateTime(placed_at, 'UTC')) as bucket_at, count() as arrived
from raw.oltp_order_items
group by tenant_id, bucket_at;

create materialized view governance.arrivals_payments to governance.arrivals as
select tenant_id, 'oltp_payments' as source, toStartOfFifteenMinutes(toDateTime(processed_at, 'UTC')) as bucket_at, count() as arrived
from raw.oltp_payments
group by tenant_id, bucket_at;

create materialized view governance.arrivals_refunds to governance.arrivals as
select tenant_id, 'oltp_refunds' as source, toStartOfFifteenMinutes(toDateTime(processed_at, 'UTC')) as bucket_at, count() as arrived
from raw.oltp_refunds
group by tenant_id, bucket_at;
