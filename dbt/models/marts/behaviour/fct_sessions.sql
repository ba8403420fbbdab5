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
        *,
        row_number() over visit_order as position,
        lagInFrame(event_at, 1, toDateTime64(0, 3, 'UTC')) over visit_order as previous_at,
        lagInFrame(local_date, 1, toDate(0)) over visit_order as previous_date,
        event_at > previous_at + interval 30 minute as is_after_gap,
        local_date != previous_date as is_first_of_day
    from events
    window visit_order as (partition by tenant_id, visitor_id order by event_at, event_id)
),

-- A day is unbroken when the visitor is active from its first half hour on, without a gap.
days as (
    select
        *,
        max(if(is_first_of_day, not is_day_head, is_after_gap)) over (partition by tenant_id, visitor_id, local_date) as is_broken_day
    from followed
),

-- A session starts after a gap, or on the day after an unbroken one: so a day's sessions follow from that day and its two neighbours.
starts as (
    select
        *,
        is_after_gap or (is_first_of_day and not lagInFrame(is_broken_day, 1, true) over visit_order) as is_start
    from days
    window visit_order as (partition by tenant_id, visitor_id order by event_at, event_id)
),

numbered as (
    select
        *,
        sum(is_start) over (partition by tenant_id, visitor_id order by event_at, event_id rows unbounded preceding) as session_number
    from starts
),

sessions as (
    select
        tenant_id,
        visitor_id,
        session_number,
        argMin(local_date, position) as local_date,
        min(event_at) as started_at,
        max(event_at) as ended_at,
        argMaxIf(customer_pid, position, customer_pid != '') as customer_pid,
        count() as events,
        countIf(name = 'page_viewed') as page_views,
        countIf(name = 'product_viewed') as product_views,
        countIf(name = 'product_added') as cart_additions,
        countIf(name in ('checkout_started', 'checkout_step')) as checkout_events,
        countIf(name = 'order_completed') as purchases,
        argMinIf(page_path, position, page_path != '') as landing_path,
        argMaxIf(page_path, position, page_path != '') as exit_path,
        argMin(page_referrer, position) as referrer,
        argMinIf(campaign_source, position, has_campaign) as campaign_source,
        argMinIf(campaign_medium, position, has_campaign) as campaign_medium,
        argMinIf(campaign_name, position, has_campaign) as campaign_name,
        arraySort(groupUniqArrayIf(order_id, name = 'order_completed' and order_id != '')) as order_ids
    from (
        select
            *,
            campaign_source != '' or campaign_medium != '' or campaign_name != '' as has_campaign
        from numbered
    )
    group by
        tenant_id,
        visitor_id,
        session_number
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
    cast(duration_seconds > 10 or page_views >= 2 or purchases > 0 as Bool) as is_engaged,
    not is_engaged as is_bounce,
    order_ids
from sessions
