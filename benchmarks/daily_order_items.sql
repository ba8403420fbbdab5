-- Two lines for each order of daily_orders.sql.
insert into raw.oltp_order_items
(
    tenant_id, order_item_id, order_id, product_id, quantity, unit_price, placed_at, created_at, updated_at, extracted_at
)
select
    tenant_id,
    order_id * 2 + line,
    order_id,
    cityHash64(order_id, line) % 200 + 1,
    1,
    14.99,
    placed_at,
    placed_at,
    placed_at,
    extracted_at
from raw.oltp_orders
array join [0, 1] as line
where toDate(placed_at) = {day:Date}
