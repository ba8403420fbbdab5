select
    tenant_id,
    name,
    plan,
    country,
    currency,
    timezone,
    status,
    created_at,
    is_deleted
from {{ source('shop', 'oltp_tenants') }}
settings final = 1
