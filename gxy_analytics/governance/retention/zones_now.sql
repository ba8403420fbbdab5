-- Every tenant of the registry, with its zone; empty: UTC.
select toString(tenants.tenant_id), zones.timezone
from (select tenant_id from governance.tenants final) as tenants
left join (
    select tenant_id, toString(argMax(timezone, valid_from)) as timezone
    from governance.tenant_timezones final
    where valid_from <= now64(3)
    group by tenant_id
) as zones
    on zones.tenant_id = tenants.tenant_id
order by 1
