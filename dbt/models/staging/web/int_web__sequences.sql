{{ config(materialized='daily_swap', order_by=['tenant_id', 'protocol']) }}

-- A session that has an event in the day's first half hour may have begun the day before: its numbers count from the first one here.
with sessions as (
    select
        events.tenant_id as tenant_id,
        events.protocol as protocol,
        {{ zone() }} as timezone,
        {{ local_date('events.event_time', 'timezone') }} as local_date,
        events.session_id as client_session_id,
        max({{ local_date('events.event_time - interval 30 minute', 'timezone') }} != local_date) as may_continue,
        min(events.session_seq) as first_number,
        max(events.session_seq) as last_number,
        uniqExact(events.session_seq) as received
    from {{ source('web', 'events') }} as events
    {{ join_zones('events', 'events.event_time') }}
    where
        {{ in_window_of_any_zone('event_time') }}
        and events.session_seq > 0
        and events.session_id != ''
        and {{ in_window('local_date') }}
    group by
        tenant_id,
        protocol,
        timezone,
        local_date,
        client_session_id
)

select
    tenant_id,
    local_date,
    protocol,
    count() as client_sessions,
    sum(received) as numbered_events,
    sum(last_number - if(may_continue, least(first_number + 1, last_number), 1)) as places,
    sum(last_number - if(may_continue, first_number, 1) + 1 - received) as missing_events
from sessions
group by
    tenant_id,
    local_date,
    protocol
