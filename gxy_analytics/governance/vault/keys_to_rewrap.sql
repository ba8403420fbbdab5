-- The next keys that are wrapped under another version, in order.
select
    tenant_id,
    subject,
    key_id,
    wrapped_key,
    key_version
from pii.keys final
where key_version != {version:UInt32}
    and (tenant_id, subject, key_id) > ({after_tenant:String}, {after_subject:String}, {after_key:String})
order by tenant_id, subject, key_id
limit {rows:UInt32}
