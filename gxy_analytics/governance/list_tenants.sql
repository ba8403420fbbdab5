select
    tenants.tenant_id as tenant_id,
    tenants.oltp_id as oltp_id,
    tenants.name as name,
    tenants.plan as plan,
    tenants.country as country,
    tenants.currency as currency,
    tenants.timezone as timezone,
    tenants.status as status,
    write_keys.prefixes as key_prefixes
from governance.tenants as tenants final
left join
(
    select
        tenant_id,
        groupArray(key_prefix) as prefixes
    from governance.write_keys final
    where revoked_at is null or revoked_at > now64(3)
    group by tenant_id
) as write_keys on write_keys.tenant_id = tenants.tenant_id
order by tenant_id
