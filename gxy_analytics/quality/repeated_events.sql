-- Copies of events beyond the one that staging takes, of the tenants named, for the days of the window: an id may come back after the
-- loader has forgotten it.
select tenant, sum(copies - 1) as repeats
from (
    select
        toString(events.tenant_id) as tenant,
        events.event_id as event_id,
        toDate(formatDateTime(events.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone))) as local_date,
        count() as copies
    from (
        select tenant_id, event_id, toStartOfFifteenMinutes(toDateTime(event_time, 'UTC')) as bucket_at
        from raw.events
        where tenant_id in {tenants:Array(String)}
            and event_time >= {earliest:DateTime('UTC')} and event_time < {latest:DateTime('UTC')}
    ) as events
    asof left join (
        select tenant_id, timezone, toDateTime(valid_from, 'UTC') as valid_from
        from governance.tenant_timezones final
    ) as zones
        on events.tenant_id = zones.tenant_id and events.bucket_at >= zones.valid_from
    group by tenant, event_id, local_date
    having copies > 1
)
where local_date between {first:Date} and {last:Date}
    and (tenant, local_date) not in (select tenant_id, local_date from governance.retention_frozen_days)
group by tenant
