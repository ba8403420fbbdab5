insert into governance.write_keys (tenant_id, key_hash, key_prefix, kind, created_at, revoked_at, changed_at)
select
    {tenant_id:String},
    {key_hash:String},
    {key_prefix:String},
    {kind:String},
    now64(3),
    null,
    now64(3)
