-- Local days that lose events now, and the day after each: its first sessions began the day before. Those that are not frozen yet.
with going as (
    select tenant_id, toStartOfFifteenMinutes(toDateTime({freezes:Identifier}, 'UTC')) as bucket_at
    from {database:Identifier}.{table:Identifier}
    where (/* is_over */) and not /* is_held */
    group by tenant_id, bucket_at
)
select distinct
    toString(going.tenant_id) as tenant,
    arrayJoin([day, day + 1]) as local_date
from (
    select
        going.tenant_id as tenant_id,
        toDate(formatDateTime(going.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone))) as day
    from going
    asof left join (
        select tenant_id, timezone, toDateTime(valid_from, 'UTC') as valid_from
        from governance.tenant_timezones final
    ) as zones
        on going.tenant_id = zones.tenant_id and going.bucket_at >= zones.valid_from
) as going
where (tenant, local_date) not in (select toString(tenant_id), local_date from governance.retention_frozen_days)
order by tenant, local_date
