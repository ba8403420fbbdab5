-- The newest closed local day that has rows of these sources, and the newest day of the mart.
with (
    select max(toDate(formatDateTime(arrivals.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone))))
    from governance.arrivals as arrivals
    asof left join (
        select tenant_id, timezone, toDateTime(valid_from, 'UTC') as valid_from
        from governance.tenant_timezones final
    ) as zones
        on arrivals.tenant_id = zones.tenant_id and arrivals.bucket_at >= zones.valid_from
    where arrivals.source in {sources:Array(String)}
        and toDate(formatDateTime(arrivals.bucket_at, '%F', if(zones.timezone = '', 'UTC', zones.timezone))) <= {closed:Date}
) as newest_arrival
select newest_arrival, (select max(local_date) from {database:Identifier}.{table:Identifier}) as newest_day
