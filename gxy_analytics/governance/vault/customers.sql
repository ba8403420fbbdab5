-- Sealed values of some customers of a tenant, each with the key it needs.
with sealed as
(
    select customer_pid, wrapped_key, ciphertext, key_id
    from pii.customers final
    where tenant_id = {tenant_id:String} and customer_pid in (select id from customers) and ciphertext != ''
)
select
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
    select subject, key_id, wrapped_key, key_version
    from pii.keys final
    where tenant_id = {tenant_id:String} and subject in (select id from customers)
) as keys on keys.subject = sealed.customer_pid and keys.key_id = sealed.key_id
