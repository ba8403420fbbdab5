-- Rows of a platform of many tenants: 50 customers each, every one on a browser of their own, 30 days.
insert into raw.events (
    tenant_id, event_id, name, event_time, received_at, loaded_at, anonymous_id, customer_pid, page_path, user_agent, ip_truncated
)
select
    concat('shop-', toString(number % {tenants:UInt64})) as shop,
    toUUID(UUIDNumToString(sipHash128(number))),
    ['page_viewed', 'product_viewed', 'product_added', 'order_completed'][1 + intDiv(number, {tenants:UInt64}) % 4],
    toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + toIntervalSecond(intDiv(number * 2592000, {events:UInt64})) as happened,
    happened,
    happened,
    concat('browser-', shop, '-', toString(intDiv(number, {tenants:UInt64}) % 50)),
    lower(hex(SHA256(concat(shop, '/', toString(intDiv(number, {tenants:UInt64}) % 50))))),
    concat('/p/', toString(number % 997)),
    'Mozilla/5.0 (X11; Linux x86_64)',
    '192.0.2.0'
from numbers({events:UInt64})
settings max_partitions_per_insert_block = 0;

insert into governance.ingest_ledger (tenant_id, batch_id, accepted, inserted, loaded_at)
select tenant_id, 'gone-0:1:0-1', count(), count(), toDateTime64('2026-01-31 00:00:00', 3, 'UTC')
from raw.events
group by tenant_id;

insert into staging.stg_web__events (
    tenant_id, local_date, visitor_id, event_at, event_id, name, customer_pid, page_path
)
select tenant_id, toDate(event_time), anonymous_id, event_time, event_id, name, customer_pid, page_path
from raw.events
settings max_partitions_per_insert_block = 0;

insert into marts.fct_sessions (
    tenant_id, local_date, session_id, visitor_id, customer_pid, started_at, ended_at, events
)
select
    tenant_id,
    local_date,
    lower(hex(sipHash128(tenant_id, visitor_id, started_at))),
    visitor_id,
    any(customer_pid),
    min(event_at) as started_at,
    max(event_at),
    count()
from staging.stg_web__events
group by tenant_id, visitor_id, local_date
settings max_partitions_per_insert_block = 0;

insert into raw.oltp_orders (
    tenant_id, order_id, customer_pid, currency, grand_total, shipping_city, placed_at, created_at, updated_at, extracted_at
)
select
    concat('shop-', toString(number % {tenants:UInt64})) as shop,
    number,
    lower(hex(SHA256(concat(shop, '/', toString(intDiv(number, {tenants:UInt64}) % 50))))),
    'EUR',
    toDecimal64(number % 1000, 2),
    'Leipzig',
    toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalSecond(number % 2592000) as placed,
    placed,
    placed,
    placed
from numbers(intDiv({events:UInt64}, 20));

insert into marts.fct_orders (tenant_id, local_date, order_id, customer_pid, currency, gross_sales, grand_total, placed_at)
select tenant_id, toDate(placed_at), order_id, customer_pid, currency, grand_total, grand_total, placed_at
from raw.oltp_orders
settings max_partitions_per_insert_block = 0;
