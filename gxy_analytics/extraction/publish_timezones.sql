insert into governance.tenant_timezones (tenant_id, timezone, valid_from)
select
    extracted.tenant_id,
    extracted.timezone,
    if(known.tenant_id = '', toDateTime64('1970-01-01 00:00:00', 3, 'UTC'), extracted.extracted_at)
from
(
    select
        tenant_id,
        timezone,
        extracted_at
    from raw.oltp_tenants final
) as extracted
left join
(
    select
        tenant_id,
        argMax(timezone, valid_from) as timezone
    from governance.tenant_timezones final
    group by tenant_id
) as known on known.tenant_id = extracted.tenant_id
where known.timezone != extracted.timezone
