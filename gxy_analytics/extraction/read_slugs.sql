select
    oltp_id,
    tenant_id
from raw.oltp_tenants final
