-- What is in force, over all tenants.
select
    toString(tenant_id) as tenant_id,
    toString(kind) as kind,
    toString(identity_hash) as identity_hash,
    toUnixTimestamp64Milli(until) as until_ms,
    tombstone,
    request_id
from governance.suppressions final
where is_active
