select
    tenant_id,
    valid_from,
    any(timezone) as timezone
from {{ source('governance', 'tenant_timezones') }}
group by
    tenant_id,
    valid_from
