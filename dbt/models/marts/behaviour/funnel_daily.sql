{{ config(order_by=['tenant_id', 'local_date'], neighbours='days') }}

-- Closed: a session counts at a step only when it did every step before.
with steps as (
    select
        tenant_id,
        local_date,
        visitor_id,
        is_engaged,
        purchases > 0 as has_purchase,
        product_views > 0 as saw_product,
        saw_product and cart_additions > 0 as added_to_cart,
        added_to_cart and checkout_events > 0 as reached_checkout,
        reached_checkout and has_purchase as purchased
    from {{ ref('fct_sessions') }}
    where {{ in_window('local_date') }}
)

select
    tenant_id,
    local_date,
    count() as sessions,
    countIf(saw_product) as sessions_with_product_view,
    countIf(added_to_cart) as sessions_with_cart_addition,
    countIf(reached_checkout) as sessions_reached_checkout,
    countIf(purchased) as sessions_purchased,
    countIf(has_purchase) as sessions_with_any_purchase,
    countIf(is_engaged) as engaged_sessions,
    uniqExact(visitor_id) as visitors
from steps
group by
    tenant_id,
    local_date
