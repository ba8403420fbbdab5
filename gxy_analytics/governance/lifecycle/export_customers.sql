select customer_pid as row_key
from pii.customers final
where tenant_id = {tenant_id:String} and not is_deleted and customer_pid > {after:String}
order by customer_pid
limit {rows:UInt32}
