-- The tenants of daily_tenants.sql, registered: the graph's checks refuse rows of tenants nobody knows.
insert into governance.tenants (tenant_id, oltp_id, name, currency, timezone, status, changed_at)
select
    tenant_id,
    toUInt64(substring(tenant_id, 6)) + 1,
    tenant_id,
    'EUR',
    timezone,
    'active',
    valid_from
from governance.tenant_timezones
