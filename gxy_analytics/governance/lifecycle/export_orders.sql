select order_id as row_key
from pii.orders final
where tenant_id = {tenant_id:String} and not is_deleted and order_id > {after:Int64}
order by order_id
limit {rows:UInt32}
