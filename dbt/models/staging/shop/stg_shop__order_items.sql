{{ config(materialized='daily_swap', order_by=['tenant_id', 'order_item_id']) }}

with recent as (
    select *
    from {{ source('shop', 'oltp_order_items') }}
    where {{ in_window_of_any_zone('placed_at') }}
)

select
    recent.tenant_id as tenant_id,
    {{ local_date('recent.placed_at', zone()) }} as local_date,
    recent.order_item_id as order_item_id,
    recent.order_id as order_id,
    recent.product_id as product_id,
    recent.quantity as quantity,
    recent.unit_price as unit_price,
    recent.discount as discount,
    recent.tax as tax,
    recent.total as total,
    recent.placed_at as placed_at
from recent
{{ join_zones('recent', 'recent.placed_at') }}
where
    not recent.is_deleted
    and {{ in_window('local_date') }}
