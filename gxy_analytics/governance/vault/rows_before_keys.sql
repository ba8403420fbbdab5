-- The next rows with a key of their own, in order, each with the key that its subject has by now.
with sealed as
(
    select tenant_id, $key as row_key, wrapped_key, ciphertext, $owner as owner
    from $table final
    where wrapped_key != '' and (tenant_id, $key) > ({after_tenant:String}, {after_row:$type})
    order by tenant_id, $key
    limit {rows:UInt32}
)
select
    sealed.tenant_id as tenant_id,
    sealed.row_key as row_key,
    sealed.wrapped_key as row_key_wrapped,
    sealed.ciphertext as ciphertext,
    sealed.owner as subject,
    keys.key_id as key_id,
    keys.wrapped_key as wrapped_key,
    keys.key_version as key_version
from sealed
any left join
(
    select tenant_id, subject, key_id, wrapped_key, key_version
    from pii.keys final
    where (tenant_id, subject) in (select tenant_id, owner from sealed)
) as keys on keys.tenant_id = sealed.tenant_id and keys.subject = sealed.owner
order by tenant_id, row_key
