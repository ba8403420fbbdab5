-- Rows of the vault that are sealed, each with the key it needs.
with sealed as
(
    select tenant_id, $key as row_key, wrapped_key, ciphertext, key_id, $owner as owner
    from $table final
    where ciphertext != '' and $which
)
select
    sealed.tenant_id as tenant_id,
    sealed.row_key as row_key,
    sealed.wrapped_key as row_key_wrapped,
    sealed.ciphertext as ciphertext,
    sealed.key_id as key_id,
    sealed.owner as subject,
    keys.wrapped_key as wrapped_key,
    keys.key_version as key_version
from sealed
any left join
(
    select tenant_id, subject, key_id, wrapped_key, key_version
    from pii.keys final
    where (tenant_id, subject) in (select tenant_id, owner from sealed)
) as keys on keys.tenant_id = sealed.tenant_id and keys.subject = sealed.owner and keys.key_id = sealed.key_id
order by tenant_id, row_key
