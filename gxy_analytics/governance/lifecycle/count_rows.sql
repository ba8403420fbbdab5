select count()
from {database:Identifier}.{table:Identifier}
where tenant_id = {tenant_id:String}
