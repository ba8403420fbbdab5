{{ config(materialized='daily_swap', order_by=['tenant_id', 'visitor_id', 'first_at', 'customer_pid']) }}

with seen as (
    select
        events.tenant_id as tenant_id,
        events.event_time as event_at,
        if(events.previous_id = '', events.anonymous_id, events.previous_id) as visitor_id,
        events.customer_pid as customer_pid,
        {{ zone() }} as timezone,
        {{ local_date('events.event_time', 'timezone') }} as local_date
    from {{ source('web', 'events') }} as events
    {{ join_zones('events', 'events.event_time') }}
    where
        {{ in_window_of_any_zone('event_time') }}
        and events.customer_pid != ''
        and {{ in_window('local_date') }}
),

followed as (
    select
        *,
        lagInFrame(customer_pid, 1, '') over (
            partition by tenant_id, local_date, visitor_id
            order by event_at, customer_pid
            rows between unbounded preceding and unbounded following
        ) as previous_customer
    from seen
    where visitor_id != ''
),

numbered as (
    select
        *,
        sum(customer_pid != previous_customer) over (
            partition by tenant_id, local_date, visitor_id
            order by event_at, customer_pid
            rows between unbounded preceding and current row
        ) as stay
    from followed
)

select
    tenant_id,
    local_date,
    visitor_id,
    customer_pid,
    min(event_at) as first_at,
    max(event_at) as last_at
from numbered
group by
    tenant_id,
    local_date,
    visitor_id,
    customer_pid,
    stay
