insert into governance.tenants (tenant_id, oltp_id, name, plan, country, currency, timezone, status, changed_at)
select
    tenant_id,
    oltp_id,
    name,
    plan,
    country,
    currency,
    timezone,
    if(is_deleted, 'deleted', status) as published_status,
    now64(3, 'UTC')
from raw.oltp_tenants final
where (tenant_id, oltp_id, name, plan, country, currency, timezone, published_status) not in
(
    select
        tenant_id,
        oltp_id,
        name,
        plan,
        country,
        currency,
        timezone,
        status
    from governance.tenants final
)
