select count() > 0
from governance.tenants
where tenant_id = {tenant_id:String}
