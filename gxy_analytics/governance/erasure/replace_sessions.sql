-- What is left of these sessions without the person, as the model fct_sessions counts it. One that is there already is not written twice.
insert into marts.fct_sessions (
    tenant_id, local_date, session_id, visitor_id, customer_pid, started_at, ended_at, duration_seconds, events, page_views,
    product_views, cart_additions, checkout_events, purchases, landing_path, exit_path, referrer, campaign_source,
    campaign_medium, campaign_name, channel, device_class, country, engaged_seconds, is_bot, is_engaged, is_bounce, order_ids
)
with
    replaced as (
        select session_id, visitor_id, started_at, ended_at
        from marts.fct_sessions
        where tenant_id = {tenant_id:String}
            and has(arrayZip({session_ids:Array(String)}, {events:Array(UInt64)}), (session_id, toUInt64(events)))
    ),
    others as (
        select *
        from staging.stg_web__events
        where tenant_id = {tenant_id:String}
            and visitor_id in (select visitor_id from replaced)
            and not ($events)
    ),
    sessions as (
        select
            others.tenant_id as tenant_id,
            others.visitor_id as visitor_id,
            replaced.session_id as replaced_id,
            (others.event_at, others.event_id) as position,
            others.*
        from others
        inner join replaced on replaced.visitor_id = others.visitor_id
        where others.event_at between replaced.started_at and replaced.ended_at
    ),
    counted as (
        select
            any(sessions.tenant_id) as tenant,
            any(sessions.visitor_id) as visitor,
            argMin(local_date, position) as local_date,
            argMaxIf(customer_pid, position, customer_pid != '') as customer_pid,
            min(event_at) as started_at,
            max(event_at) as ended_at,
            count() as events,
            countIf(name = 'page_viewed') as page_views,
            countIf(name = 'product_viewed') as product_views,
            countIf(name = 'product_added') as cart_additions,
            countIf(name in ('checkout_started', 'checkout_step')) as checkout_events,
            countIf(name = 'order_completed') as purchases,
            argMinIf(page_path, position, page_path != '') as landing_path,
            argMaxIf(page_path, position, page_path != '') as exit_path,
            argMin(page_referrer, position) as referrer,
            argMinIf(campaign_source, position, campaign_source != '' or campaign_medium != '' or campaign_name != '') as source,
            argMinIf(campaign_medium, position, campaign_source != '' or campaign_medium != '' or campaign_name != '') as medium,
            argMinIf(campaign_name, position, campaign_source != '' or campaign_medium != '' or campaign_name != '') as campaign,
            argMinIf(channel, position, channel not in ('', 'Internal')) as told_channel,
            argMinIf(device_class, position, device_class != '') as device_class,
            argMinIf(country, position, country != '') as country,
            sum(engaged_ms) as engaged_ms,
            max(is_bot) as is_bot,
            arraySort(groupUniqArrayIf(order_id, name = 'order_completed' and order_id != '')) as order_ids
        from sessions
        group by replaced_id
    )
select
    tenant as tenant_id,
    local_date,
    lower(hex(sipHash128(tenant, visitor, started_at))) as session_id,
    visitor as visitor_id,
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
    source as campaign_source,
    medium as campaign_medium,
    campaign as campaign_name,
    if(told_channel = '' and landing_path != '', 'Direct', told_channel) as channel,
    device_class,
    country,
    intDiv(engaged_ms, 1000) as engaged_seconds,
    is_bot,
    cast(duration_seconds > 10 or page_views >= 2 or purchases > 0 as Bool) as is_engaged,
    not is_engaged as is_bounce,
    order_ids
from counted
where (session_id, events) not in (
    select session_id, toUInt64(events)
    from marts.fct_sessions
    where tenant_id = {tenant_id:String}
)
settings max_partitions_per_insert_block = 0
