-- PostgreSQL and MySQL: the lines of the orders placed in [since, until).
select
    order_items.order_id as order_id,
    order_items.quantity as quantity,
    concat(order_items.unit_price, '') as unit_price,
    concat(order_items.discount, '') as discount
from order_items
join orders on orders.id = order_items.order_id
where orders.placed_at >= %(since)s and orders.placed_at < %(until)s
