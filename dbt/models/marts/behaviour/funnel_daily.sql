{{ config(order_by=['tenant_id', 'local_date'], neighbours='days') }}

-- Closed: a session counts at a step only when it did every step before. Automated sessions are counted apart.
with steps as (
    select
        tenant_id,
        local_date,
        visitor_id,
        is_engaged,
        is_bot,
        not is_bot as is_human,
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
    countIf(is_human) as sessions,
    countIf(is_human and saw_product) as sessions_with_product_view,
    countIf(is_human and added_to_cart) as sessions_with_cart_addition,
    countIf(is_human and reached_checkout) as sessions_reached_checkout,
    countIf(is_human and purchased) as sessions_purchased,
    countIf(is_human and has_purchase) as sessions_with_any_purchase,
    countIf(is_human and is_engaged) as engaged_sessions,
    uniqExactIf(visitor_id, is_human) as visitors,
    countIf(is_bot) as bot_sessions
from steps
group by
    tenant_id,
    local_date
