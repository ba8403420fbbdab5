-- A new version of every active key of the tenant, with an end; of one kind and of one prefix where they are given.
insert into governance.write_keys (tenant_id, key_hash, key_prefix, kind, created_at, revoked_at, changed_at)
with now64(3) + toIntervalMillisecond({after_ms:UInt64}) as ends_at
select
    tenant_id,
    key_hash,
    key_prefix,
    kind,
    created_at,
    ends_at,
    greatest(now64(3), changed_at + toIntervalMillisecond(1))
from governance.write_keys final
where tenant_id = {tenant_id:String}
    and (revoked_at is null or revoked_at > ends_at)
    and ({kind:String} = '' or kind = {kind:String})
    and ({key_prefix:String} = '' or key_prefix = {key_prefix:String})
