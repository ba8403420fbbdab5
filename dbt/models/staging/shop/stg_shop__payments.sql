{{ config(materialized='daily_swap', order_by=['tenant_id', 'payment_id']) }}

with recent as (
    select *
    from {{ source('shop', 'oltp_payments') }}
    where {{ in_window_of_any_zone('processed_at') }}
)

select
    recent.tenant_id as tenant_id,
    {{ local_date('recent.processed_at', zone()) }} as local_date,
    recent.payment_id as payment_id,
    recent.order_id as order_id,
    recent.provider as provider,
    recent.method as method,
    recent.status as status,
    recent.amount as amount,
    recent.currency as currency,
    recent.card_country as card_country,
    recent.processed_at as processed_at
from recent
{{ join_zones('recent', 'recent.processed_at') }}
where
    not recent.is_deleted
    and {{ in_window('local_date') }}
