-- The vault's newest customers, as many as are decrypted in one scan, each with the key it needs.
with sealed as
(
    select tenant_id, customer_pid, wrapped_key, ciphertext, key_id
    from pii.customers final
    where ciphertext != ''
    order by changed_at desc, tenant_id, customer_pid
    limit {people:UInt32}
)
select
    sealed.tenant_id as tenant_id,
    sealed.customer_pid as row_key,
    sealed.wrapped_key as row_key_wrapped,
    sealed.ciphertext as ciphertext,
    sealed.key_id as key_id,
    sealed.customer_pid as subject,
    keys.wrapped_key as wrapped_key,
    keys.key_version as key_version
from sealed
any left join
(
    select tenant_id, subject, key_id, wrapped_key, key_version
    from pii.keys final
    where (tenant_id, subject) in (select tenant_id, customer_pid from sealed)
) as keys on keys.tenant_id = sealed.tenant_id and keys.subject = sealed.customer_pid and keys.key_id = sealed.key_id
