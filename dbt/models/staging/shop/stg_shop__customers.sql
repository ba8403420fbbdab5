select
    tenant_id,
    customer_pid,
    birth_year,
    gender,
    country,
    region,
    city,
    accepts_marketing,
    created_at,
    is_deleted
from {{ source('shop', 'oltp_customers') }}
settings final = 1
