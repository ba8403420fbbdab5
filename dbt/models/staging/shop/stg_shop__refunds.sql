{{ config(materialized='daily_swap', order_by=['tenant_id', 'refund_id']) }}

with recent as (
    select *
    from {{ source('shop', 'oltp_refunds') }}
    where {{ in_window_of_any_zone('processed_at') }}
)

select
    recent.tenant_id as tenant_id,
    {{ local_date('recent.processed_at', zone()) }} as local_date,
    recent.refund_id as refund_id,
    recent.order_id as order_id,
    recent.order_item_id as order_item_id,
    recent.product_id as product_id,
    recent.amount as amount,
    recent.currency as currency,
    recent.quantity as quantity,
    recent.reason as reason,
    recent.processed_at as processed_at
from recent
{{ join_zones('recent', 'recent.processed_at') }}
where
    not recent.is_deleted
    and {{ in_window('local_date') }}
