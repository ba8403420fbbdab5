select
    tenant_id,
    oltp_id,
    name,
    plan,
    country,
    currency,
    timezone,
    status
from governance.tenants final
order by tenant_id
