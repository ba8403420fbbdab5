select count()
from pii.keys
where tenant_id = {tenant_id:String} and subject in (select id from customers)
