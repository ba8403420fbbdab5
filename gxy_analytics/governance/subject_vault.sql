-- The vault's customers of one tenant, sealed.
select customer_pid, wrapped_key, ciphertext
from pii.customers final
where tenant_id = {tenant_id:String} and wrapped_key != ''
