-- PostgreSQL and MySQL: orders placed in [since, until). Amounts travel as text, so that no driver turns them into floats.
select
    tenants.slug as tenant_id,
    orders.id as order_id,
    orders.currency as currency,
    orders.placed_at as happened_at,
    concat(orders.subtotal, '') as subtotal,
    concat(orders.discount_total, '') as discount_total
from orders
join tenants on tenants.id = orders.tenant_id
where orders.placed_at >= %(since)s and orders.placed_at < %(until)s
