-- Active keys, oldest first within their tenant.
select
    tenant_id,
    key_prefix as prefix,
    toString(kind) as kind,
    if(revoked_at is null, '', formatDateTime(revoked_at, '%FT%TZ', 'UTC')) as until
from governance.write_keys final
where revoked_at is null or revoked_at > now64(3)
order by tenant_id, created_at, prefix
