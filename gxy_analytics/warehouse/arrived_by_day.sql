-- Rows that arrived in raw for each local day of [first, last]. A tenant without a zone counts in UTC.
-- The instants bound what is read: fourteen hours before the first day's UTC midnight, twelve after the last one's end.
select
    toDate(formatDateTime(arrivals.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone))) as day,
    sum(arrivals.arrived) as arrived_rows
from governance.arrivals as arrivals
asof left join (
    select tenant_id, timezone, toDateTime(valid_from, 'UTC') as valid_from
    from governance.tenant_timezones final
) as zones
    on arrivals.tenant_id = zones.tenant_id and arrivals.bucket_at >= zones.valid_from
where arrivals.bucket_at >= {earliest:DateTime('UTC')} and arrivals.bucket_at < {latest:DateTime('UTC')}
group by day
having day between {first:Date} and {last:Date}
order by day
