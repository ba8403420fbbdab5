{{ config(materialized='daily_swap', order_by=['tenant_id', 'visitor_id', 'event_at', 'event_id'], chunk_by_events=true) }}

with recent as (
    select *
    from {{ source('web', 'events') }}
    where {{ in_window_of_any_zone('event_time') }}
),

-- The loader lets an event in once; what slipped through is found by its id alone, which costs a second where LIMIT BY costs sixteen.
repeated as (
    select event_id
    from recent
    group by event_id
    having count() > 1
),

stamped as (
    select
        recent.tenant_id as tenant_id,
        recent.event_time as event_at,
        recent.event_id as event_id,
        recent.received_at as received_at,
        recent.name as name,
        recent.anonymous_id as anonymous_id,
        recent.customer_pid as customer_pid,
        recent.page_path as page_path,
        recent.page_referrer as page_referrer,
        recent.campaign_source as campaign_source,
        recent.campaign_medium as campaign_medium,
        recent.campaign_name as campaign_name,
        recent.order_id as order_id,
        recent.session_id as client_session_id,
        recent.channel as channel,
        recent.device_class as device_class,
        recent.country as country,
        recent.engaged_ms as engaged_ms,
        recent.is_bot as is_bot,
        recent.items.product_id as item_product_ids,
        {{ zone() }} as timezone,
        {{ local_date('recent.event_time', 'timezone') }} as local_date
    from recent
    {{ join_zones('recent', 'recent.event_time') }}
    where {{ in_window('local_date') }}
),

once as (
    select *
    from stamped
    where event_id not in (select event_id from repeated)
    union all
    select *
    from (
        select *
        from stamped
        where event_id in (select event_id from repeated)
        order by received_at, event_at
        limit 1 by tenant_id, local_date, event_id
    )
)

select
    tenant_id,
    local_date,
    multiIf(
        anonymous_id != '', anonymous_id,
        customer_pid != '', customer_pid,
        client_session_id != '', client_session_id,
        toString(event_id)
    ) as visitor_id,
    event_at,
    event_id,
    name,
    customer_pid,
    page_path,
    page_referrer,
    campaign_source,
    campaign_medium,
    campaign_name,
    order_id,
    channel,
    device_class,
    country,
    engaged_ms,
    is_bot,
    arrayMap(id -> toUInt64OrZero(id), item_product_ids) as product_ids,
    {{ local_date('event_at - interval 30 minute', 'timezone') }} != local_date as is_day_head,
    {{ local_date('event_at + interval 30 minute', 'timezone') }} != local_date as is_day_tail
from once
