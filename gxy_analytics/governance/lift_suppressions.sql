-- `changed_at` is later than that of the version it replaces, also where the clock stands still.
insert into governance.suppressions (tenant_id, kind, identity_hash, until, tombstone, request_id, is_active, changed_at)
select
    tenant_id,
    kind,
    identity_hash,
    until,
    tombstone,
    request_id,
    false,
    greatest(now64(3), addMilliseconds(changed_at, 1))
from governance.suppressions final
where tenant_id = {tenant_id:String}
    and request_id = {request_id:UUID}
    and is_active
