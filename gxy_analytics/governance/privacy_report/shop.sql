select name, country, timezone
from governance.tenants final
where tenant_id = {tenant_id:String}
