-- The day's orders: one to 240 events, over the tenants and hours of daily_events.sql.
insert into raw.oltp_orders
(
    tenant_id, order_id, customer_pid, number, status, currency, subtotal, discount_total, shipping_total, tax_total, grand_total,
    placed_at, created_at, updated_at, extracted_at
)
with
    cityHash64(number, {day:Date}) as seed
select
    concat('shop-', leftPad(toString(toUInt32({tenants:UInt32} * pow((seed % 100000) / 100000, 2))), 4, '0')),
    toUInt64(toYYYYMMDD({day:Date})) * 1000000 + number,
    concat('customer-', toString(seed % 5000)),
    toString(number),
    if(seed % 20 = 0, 'cancelled', 'paid'),
    if(seed % 10 = 0, 'USD', 'EUR'),
    29.98,
    if(seed % 4 = 0, 5, 0),
    4.90,
    5.70,
    35.58,
    toDateTime64({day:Date}, 6, 'UTC') + toIntervalSecond(bitShiftRight(seed, 20) % 86400) as at,
    at,
    at,
    at
from numbers({rows:UInt64})
