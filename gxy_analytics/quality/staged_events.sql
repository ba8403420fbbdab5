-- Staged events by tenant for the days of the window, with those that were erased since because a person asked; without days that
-- lost events because their period was over.
select tenant, sum(events) as found
from (
    select toString(tenant_id) as tenant, count() as events
    from staging.stg_web__events
    where local_date between {first:Date} and {last:Date}
        and (tenant_id, local_date) not in (select tenant_id, local_date from governance.retention_frozen_days)
    group by tenant
    union all
    select toString(erased.tenant_id) as tenant, sum(erased.erased) as events
    from governance.erased_rows as erased
    asof left join (
        select tenant_id, timezone, toDateTime(valid_from, 'UTC') as valid_from
        from governance.tenant_timezones final
    ) as zones
        on erased.tenant_id = zones.tenant_id and erased.bucket_at >= zones.valid_from
    where erased.source = 'events'
        and toDate(formatDateTime(erased.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone)))
            between {first:Date} and {last:Date}
        and (erased.tenant_id, toDate(formatDateTime(erased.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone))))
            not in (select tenant_id, local_date from governance.retention_frozen_days)
    group by tenant
)
group by tenant
