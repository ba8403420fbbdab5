-- Sealed values of some customers of a tenant.
select customer_pid as row_key, wrapped_key, ciphertext
from pii.customers final
where tenant_id = {tenant_id:String} and customer_pid in {keys:Array(String)} and ciphertext != ''
