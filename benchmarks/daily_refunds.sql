-- One order of fifteen comes back an hour later.
insert into raw.oltp_refunds
(
    tenant_id, refund_id, order_id, product_id, amount, currency, quantity, processed_at, created_at, updated_at, extracted_at
)
select
    tenant_id,
    order_id,
    order_id,
    cityHash64(order_id, 0) % 200 + 1,
    14.99,
    currency,
    1,
    placed_at + interval 1 hour,
    placed_at,
    placed_at,
    extracted_at
from raw.oltp_orders
where toDate(placed_at) = {day:Date} and order_id % 15 = 0
