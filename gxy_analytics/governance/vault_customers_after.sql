-- A tenant's sealed customers in order, as many as are opened at a time.
select customer_pid as row_key, wrapped_key, ciphertext
from pii.customers final
where tenant_id = {tenant_id:String} and customer_pid > {after:String} and ciphertext != ''
order by customer_pid
limit {rows:UInt32}
