-- Sealed values of some orders of a tenant: named by themselves, or by whose they are.
select order_id as row_key, wrapped_key, ciphertext
from pii.orders final
where tenant_id = {tenant_id:String}
    and (order_id in {order_ids:Array(UInt64)} or customer_pid in {pids:Array(String)})
    and ciphertext != ''
