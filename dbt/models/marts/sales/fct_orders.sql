{{ config(order_by=['tenant_id', 'order_id']) }}

with lines as (
    select
        tenant_id,
        order_id,
        count() as lines,
        sum(units) as units,
        sum(gross_sales) as gross_sales,
        sum(discounts) as discounts
    from {{ ref('fct_order_items') }}
    where {{ in_window('local_date') }}
    group by
        tenant_id,
        order_id
)

select
    orders.tenant_id as tenant_id,
    orders.local_date as local_date,
    orders.order_id as order_id,
    orders.number as order_number,
    orders.customer_pid as customer_pid,
    orders.status as status,
    cast(orders.status = 'cancelled' as Bool) as is_cancelled,
    orders.currency as currency,
    orders.coupon_code as coupon_code,
    orders.channel as channel,
    orders.billing_country as billing_country,
    orders.shipping_country as shipping_country,
    lines.lines as lines,
    lines.units as units,
    if(lines.lines > 0, lines.gross_sales, toDecimal128(orders.subtotal, 4)) as gross_sales,
    if(lines.lines > 0, lines.discounts, toDecimal128(orders.discount_total, 4)) as discounts,
    gross_sales - discounts as discounted_sales,
    orders.shipping_total as shipping,
    orders.tax_total as taxes,
    orders.grand_total as grand_total,
    orders.placed_at as placed_at,
    orders.cancelled_at as cancelled_at
from {{ ref('stg_shop__orders') }} as orders
left join lines
    on lines.tenant_id = orders.tenant_id
    and lines.order_id = orders.order_id
where {{ in_window('orders.local_date') }}
