select tenant_id
from governance.tenants final
where status = 'active'
order by tenant_id
