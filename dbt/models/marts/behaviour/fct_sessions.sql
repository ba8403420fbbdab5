{{ config(order_by=['tenant_id', 'visitor_id', 'started_at'], chunk_by_events=true, neighbours='visitors') }}

-- Of the day before and the day after, only visitors near the midnight between can share a session with the window.
with events as (
    select *
    from {{ ref('stg_web__events') }}
    where
        {{ wanted_visitors() }}
        and (
            ({{ in_window('local_date') }})
            or (
                local_date = {{ window_min() }} - 1
                and (tenant_id, visitor_id) in (
                    select
                        tenant_id,
                        visitor_id
                    from {{ ref('stg_web__events') }}
                    where local_date = {{ window_min() }} - 1 and is_day_tail
                )
            )
            or (
                local_date = {{ window_max() }}
                and (tenant_id, visitor_id) in (
                    select
                        tenant_id,
                        visitor_id
                    from {{ ref('stg_web__events') }}
                    where local_date = {{ window_max() }} and is_day_head
                )
            )
        )
),

followed as (
    select
        tenant_id,
        visitor_id,
        local_date,
        event_at,
        lagInFrame(event_at, 1, toDateTime64(0, 3, 'UTC')) over visit_order as previous_at,
        lagInFrame(local_date, 1, toDate(0)) over visit_order as previous_date
    from events
    window visit_order as (partition by tenant_id, visitor_id order by event_at, event_id)
),

-- Fewer events than this cannot fill the 23 hours of the shortest day without a gap: what follows looks at almost nobody.
busy_days as (
    select
        tenant_id,
        visitor_id,
        local_date
    from events
    group by
        tenant_id,
        visitor_id,
        local_date
    having count() >= 45
),

-- A day is unbroken when the visitor is active from its first half hour on, without a gap.
unbroken_days as (
    select
        tenant_id,
        visitor_id,
        local_date
    from (
        select
            tenant_id,
            visitor_id,
            local_date,
            is_day_head,
            event_at,
            lagInFrame(event_at, 1, event_at) over day_order as previous_at
        from events
        where (tenant_id, visitor_id, local_date) in (select * from busy_days)
        window day_order as (partition by tenant_id, visitor_id, local_date order by event_at)
    )
    group by
        tenant_id,
        visitor_id,
        local_date
    having max(is_day_head) and max(event_at > previous_at + interval 30 minute) = 0
),

-- A session starts after a gap, or on the day after an unbroken one: so a day's sessions follow from that day and its two neighbours.
starts as (
    select
        tenant_id,
        visitor_id,
        event_at as started_at
    from followed
    where
        event_at > previous_at + interval 30 minute
        or (local_date != previous_date and (tenant_id, visitor_id, previous_date) in (select * from unbroken_days))
),

visited as (
    select
        events.*,
        starts.started_at as started_at,
        (events.event_at, events.event_id) as position,
        campaign_source != '' or campaign_medium != '' or campaign_name != '' as has_campaign
    from events
    asof join starts
        on starts.tenant_id = events.tenant_id
        and starts.visitor_id = events.visitor_id
        and starts.started_at <= events.event_at
),

sessions as (
    select
        tenant_id,
        visitor_id,
        started_at,
        argMin(local_date, position) as local_date,
        max(event_at) as ended_at,
        argMaxIf(customer_pid, position, customer_pid != '') as customer_pid,
        count() as events,
        countIf(name = 'page_viewed') as page_views,
        countIf(name = 'product_viewed') as product_views,
        countIf(name = 'product_added') as cart_additions,
        countIf(name in ('checkout_started', 'checkout_step')) as checkout_events,
        countIf(name = 'order_completed') as purchases,
        sum(engaged_ms) as engaged_ms,
        max(is_bot) as is_bot,
        argMinIf(channel, position, channel not in ('', 'Internal')) as told_channel,
        argMinIf(device_class, position, device_class != '') as device_class,
        argMinIf(country, position, country != '') as country,
        argMinIf(page_path, position, page_path != '') as landing_path,
        argMaxIf(page_path, position, page_path != '') as exit_path,
        argMin(page_referrer, position) as referrer,
        argMinIf(campaign_source, position, has_campaign) as campaign_source,
        argMinIf(campaign_medium, position, has_campaign) as campaign_medium,
        argMinIf(campaign_name, position, has_campaign) as campaign_name,
        arraySort(groupUniqArrayIf(order_id, name = 'order_completed' and order_id != '')) as order_ids
    from visited
    group by
        tenant_id,
        visitor_id,
        started_at
    having {{ in_window('local_date') }}
)

select
    tenant_id,
    local_date,
    lower(hex(sipHash128(tenant_id, visitor_id, started_at))) as session_id,
    visitor_id,
    customer_pid,
    started_at,
    ended_at,
    dateDiff('second', started_at, ended_at) as duration_seconds,
    events,
    page_views,
    product_views,
    cart_additions,
    checkout_events,
    purchases,
    landing_path,
    exit_path,
    referrer,
    campaign_source,
    campaign_medium,
    campaign_name,
    if(told_channel = '' and landing_path != '', 'Direct', told_channel) as channel,
    device_class,
    country,
    intDiv(engaged_ms, 1000) as engaged_seconds,
    is_bot,
    cast(duration_seconds > 10 or page_views >= 2 or purchases > 0 as Bool) as is_engaged,
    not is_engaged as is_bounce,
    order_ids
from sessions
