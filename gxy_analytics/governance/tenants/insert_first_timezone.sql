insert into governance.tenant_timezones (tenant_id, timezone, valid_from)
select
    {tenant_id:String},
    {timezone:String},
    toDateTime64('1970-01-01 00:00:00', 3, 'UTC')
where not exists (select 1 from governance.tenant_timezones where tenant_id = {tenant_id:String})
