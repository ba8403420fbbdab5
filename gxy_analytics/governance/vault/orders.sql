-- Sealed values of some orders of a tenant, named by themselves or by whose they are, each with the key it needs.
with sealed as
(
    select
        order_id,
        wrapped_key,
        ciphertext,
        key_id,
        if(customer_pid = '', concat('order:', toString(order_id)), customer_pid) as owner
    from pii.orders final
    where tenant_id = {tenant_id:String}
        and (order_id in {order_ids:Array(UInt64)} or customer_pid in (select id from customers))
        and ciphertext != ''
)
select
    sealed.order_id as row_key,
    sealed.wrapped_key as row_key_wrapped,
    sealed.ciphertext as ciphertext,
    sealed.key_id as key_id,
    sealed.owner as subject,
    keys.wrapped_key as wrapped_key,
    keys.key_version as key_version
from sealed
any left join
(
    select subject, key_id, wrapped_key, key_version
    from pii.keys final
    where tenant_id = {tenant_id:String} and subject in (select owner from sealed)
) as keys on keys.subject = sealed.owner and keys.key_id = sealed.key_id
