-- Accepted events by tenant for the days of the window, in each tenant's zone (UTC without one); frozen days are those that lost
-- events because their period was over.
select toString(arrivals.tenant_id) as tenant, sum(arrivals.arrived) as arrived_rows
from governance.arrivals as arrivals
asof left join (
    select tenant_id, timezone, toDateTime(valid_from, 'UTC') as valid_from
    from governance.tenant_timezones final
) as zones
    on arrivals.tenant_id = zones.tenant_id and arrivals.bucket_at >= zones.valid_from
where arrivals.source = 'events'
    and arrivals.bucket_at >= {earliest:DateTime('UTC')} and arrivals.bucket_at < {latest:DateTime('UTC')}
    and toDate(formatDateTime(arrivals.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone)))
        between {first:Date} and {last:Date}
    and (
        {with_frozen:Bool}
        or (arrivals.tenant_id, toDate(formatDateTime(arrivals.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone))))
            not in (select tenant_id, local_date from governance.retention_frozen_days)
    )
group by tenant
order by tenant
