-- PostgreSQL and MySQL: refunds processed in [since, until), in the currency of their order.
select
    tenants.slug as tenant_id,
    orders.currency as currency,
    refunds.processed_at as happened_at,
    concat(refunds.amount, '') as amount
from refunds
join orders on orders.id = refunds.order_id
join tenants on tenants.id = refunds.tenant_id
where refunds.processed_at >= %(since)s and refunds.processed_at < %(until)s
