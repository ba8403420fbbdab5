{{ config(materialized='daily_swap', order_by=['tenant_id', 'order_id']) }}

with recent as (
    select *
    from {{ source('shop', 'oltp_orders') }}
    where {{ in_window_of_any_zone('placed_at') }}
)

select
    recent.tenant_id as tenant_id,
    {{ local_date('recent.placed_at', zone()) }} as local_date,
    recent.order_id as order_id,
    recent.customer_pid as customer_pid,
    recent.number as number,
    recent.status as status,
    recent.currency as currency,
    recent.subtotal as subtotal,
    recent.discount_total as discount_total,
    recent.shipping_total as shipping_total,
    recent.tax_total as tax_total,
    recent.grand_total as grand_total,
    recent.coupon_code as coupon_code,
    recent.channel as channel,
    recent.billing_country as billing_country,
    recent.shipping_country as shipping_country,
    recent.placed_at as placed_at,
    recent.cancelled_at as cancelled_at
from recent
{{ join_zones('recent', 'recent.placed_at') }}
where
    not recent.is_deleted
    and {{ in_window('local_date') }}
