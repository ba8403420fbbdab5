select
    toString(kind) as kind,
    toString(identity_hash) as identity_hash,
    toUnixTimestamp64Milli(until) as until_ms,
    tombstone,
    is_active
from governance.suppressions final
where tenant_id = {tenant_id:String}
    and request_id = {request_id:UUID}
